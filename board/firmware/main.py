"""What the chip runs at power-up."""

import coprocessor

coprocessor.main()

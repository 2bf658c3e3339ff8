#!/bin/bash
# Builds in WORKDIR what tests/kernel/run.py boots: a stock Debian kernel as vmlinux, and a ramdisk
# with the drivers of the devices that are tried. Nothing is installed but Debian packages.
# usage: vm.sh WORKDIR
set -euo pipefail

INIT=$(dirname "$(realpath "$0")")/init.sh
mkdir -p "$1"
WORK=$(realpath "$1")
cd "$WORK"
SUDO=$([ "$(id -u)" = 0 ] || echo sudo)
KERNEL=$(apt-cache depends linux-image-amd64 | grep -oE '6\.1\.0-[0-9]+-amd64' | head -1) || true
[ -n "$KERNEL" ] || {
    echo "test-kernel needs Debian 12 with its package lists: apt-get update; kernels of 6.1 only" >&2
    exit 1
}

BOOT_MODULES="virtio_pci 9p 9pnet_virtio"
DEVICE_MODULES="i2c-dev i2c-stub configfs dummy_hcd cdc-acm u_serial usb_f_acm g_serial vivid softdog"
# Debian leaves these two out of its kernel: they are built from its own source package.
BUILT="irq_sim gpio-sim"

packages() {
    $SUDO apt-get install -y -qq --no-install-recommends qemu-system-x86 seabios busybox-static cpio \
        kmod gcc make xz-utils "linux-headers-$KERNEL" >apt.log
}

kernel() {
    [ -d image ] && return
    apt-get download -qq "linux-image-$KERNEL"
    dpkg-deb -x linux-image-"$KERNEL"*.deb image.part
    rm linux-image-*.deb
    depmod -b image.part "$KERNEL"
    mv image.part image
}

built_modules() {
    [ -e built/gpio-sim.ko ] && return
    apt-get download -qq linux-source-6.1
    rm -rf built && mkdir built
    dpkg-deb --fsys-tarfile linux-source-6.1*.deb | tar xO ./usr/src/linux-source-6.1.tar.xz |
        xz -dc -T2 | tar x --strip-components=3 -C built \
        linux-source-6.1/drivers/gpio/{gpio-sim.c,gpiolib.h} linux-source-6.1/kernel/irq/irq_sim.c
    rm linux-source-6.1*.deb
    # As a module irq_sim needs what is not exported; the same can be had by what is.
    sed -i 's/irq_to_desc(\([^)]*\))/irq_data_to_desc(irq_get_irq_data(\1))/;1a #include <linux/module.h>' \
        built/irq_sim.c
    echo 'MODULE_LICENSE("GPL");' >>built/irq_sim.c
    echo 'obj-m := gpio-sim.o irq_sim.o' >built/Makefile
    make -s -C "/usr/src/linux-headers-$KERNEL" M="$PWD/built" modules 2>built/make.log ||
        { cat built/make.log >&2; exit 1; }
    strip --strip-debug built/*.ko
}

# An uncompressed kernel boots at once (PVH); unpacking itself takes 13 s without KVM.
vmlinux() {
    [ vmlinux -nt "image/boot/vmlinuz-$KERNEL" ] && return
    python3 - "image/boot/vmlinuz-$KERNEL" vmlinux <<'PYTHON'
import lzma
import pathlib
import re
import sys

packed = pathlib.Path(sys.argv[1]).read_bytes()
for start in re.finditer(re.escape(b"\xfd7zXZ\x00"), packed):
    try:
        kernel = lzma.LZMADecompressor().decompress(packed[start.start() :])
    except lzma.LZMAError:
        continue
    if kernel.startswith(b"\x7fELF"):
        pathlib.Path(sys.argv[2]).write_bytes(kernel)
        sys.exit()
sys.exit("no kernel in vmlinuz")
PYTHON
}

add_module() { # NAME LIST: the module and what it needs, in order, once
    modprobe -d image -S "$KERNEL" --show-depends "$1" | awk '$1 == "insmod" { print $2 }' |
        while read -r file; do
            name=$(basename "$file")
            [ -e "ramdisk/m/$name" ] && continue
            cp "$file" ramdisk/m/
            echo "$name" >>"ramdisk/m/$2"
        done
}

ramdisk() {
    rm -rf ramdisk && mkdir -p ramdisk/{bin,proc,sys,dev,host,m}
    cp /bin/busybox ramdisk/bin/
    for applet in sh mount insmod chroot cat mkdir poweroff; do ln -s busybox "ramdisk/bin/$applet"; done
    for module in $BOOT_MODULES; do add_module "$module" boot.list; done
    for module in $DEVICE_MODULES; do add_module "$module" device.list; done
    for module in $BUILT; do
        cp "built/$module.ko" ramdisk/m/
        echo "$module.ko" >>ramdisk/m/device.list
    done
    cp "$INIT" ramdisk/init
    chmod +x ramdisk/init
    (cd ramdisk && find . | cpio -o -H newc --quiet | gzip -1 >../ramdisk.gz)
}

packages
kernel
built_modules
vmlinux
ramdisk

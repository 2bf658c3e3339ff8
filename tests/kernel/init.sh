#!/bin/sh
# First process of the machine: loads the drivers, mounts the host's files read-only, runs the tests.
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
for module in $(cat /m/boot.list); do insmod "/m/$module"; done
mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,cache=loose,ro host /host || poweroff -f
for module in $(cat /m/device.list); do
    case $module in
        i2c-stub.ko) options=chip_addr=0x2a ;;
        vivid.ko) options=n_devs=1 ;;
        softdog.ko) options=soft_noboot=1 ;;
        *) options= ;;
    esac
    insmod "/m/$module" $options
done
mount -t proc proc /host/proc
mount --bind /sys /host/sys
mount -t devtmpfs dev /host/dev
mkdir -p /host/dev/pts /host/dev/shm
mount -t devpts devpts /host/dev/pts
mount -t tmpfs shm /host/dev/shm
mount -t tmpfs run /host/run
mount -t configfs none /host/sys/kernel/config
line=$(cat /proc/cmdline)
chroot /host /bin/sh "${line##*steelyard=}"
echo "KERNEL TESTS END WITH $?"
poweroff -f

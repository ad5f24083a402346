#!/bin/sh
# Runs /walk/run.sh of the folder $1 in a machine of its own: the files of this one, whose changes are thrown away, no
# network and no other process. npm run docs-commands starts it as root in namespaces of their own.
set -eu
folder=$1
mount --make-rprivate /
mkdir "$folder/changes"
mount -t tmpfs -o size=2g tmpfs "$folder/changes"
mkdir "$folder/changes/upper" "$folder/changes/work" "$folder/machine"
mount -t overlay -o "lowerdir=/,upperdir=$folder/changes/upper,workdir=$folder/changes/work" overlay "$folder/machine"
cd "$folder/machine"
rm -rf opt/inforiver-mail* etc/inforiver-mail var/lib/inforiver-mail srv/inforiver-mail
mkdir walk
mkdir -p run/systemd/system # as if systemd ran: /walk/bin/systemctl stands in for it
mount --bind "$folder/walk" walk
mount --rbind /dev dev
mount -t proc proc proc
mount -t tmpfs tmpfs tmp
chmod 1777 tmp
ip link set lo up
# Not chroot, in which no user namespace can be made: PostgreSQL needs one when root starts the demo.
mkdir machine-before
pivot_root . machine-before
cd /
umount -l /machine-before
exec env -i PATH=/walk/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 sh /walk/run.sh

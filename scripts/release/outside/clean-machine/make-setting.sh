#!/bin/sh
# Makes what has to be there before a block runs. Each setting comes after those that it needs, and is made once.
set -eu

make_setting() {
  case $1 in
    release)
      once release
      ;;
    installed)
      make_setting release
      once installed
      ;;
    running)
      make_setting installed
      start_product
      ;;
    stopped)
      make_setting running
      systemctl stop inforiver-mail
      ;;
    *)
      echo "There is no setting $1."
      exit 1
      ;;
  esac
}

once() {
  [ -e "/root/made-$1" ] || "make_$1"
  touch "/root/made-$1"
}

make_release() { cp /walk/release/* .; }

make_installed() {
  mkdir /root/unpacked
  tar -C /root/unpacked -xzf inforiver-mail-*.tar.gz
  sh /root/unpacked/*/deploy/install.sh
  sed -i \
    -e 's/^AZURE_TENANT_ID=$/&11111111-2222-4333-8444-555555555555/' \
    -e 's/^AZURE_CLIENT_ID=$/&66666666-7777-4888-9999-aaaaaaaaaaaa/' \
    -e 's/^AZURE_CLIENT_SECRET_EXPIRES=$/&2099-01-01/' \
    -e "\$aINFORIVER_SERVICE_KEY=$SERVICE_KEY" /etc/inforiver-mail/inforiver-mail.env
  printf secret | install -o inforiver-mail -g inforiver-mail -m 600 /dev/stdin /etc/inforiver-mail/client-secret
}

start_product() {
  systemctl start inforiver-mail
  curl -s --retry 60 --retry-connrefused --retry-delay 1 http://localhost:3000/readyz
}

make_setting "$1"

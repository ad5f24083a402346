#!/bin/sh
# Installs the release that this file is part of, as a systemd service. It may be repeated, and upgrades in the same way.
#
#   deploy/install.sh              account, folders, vault key, program and unit; starts nothing
#   deploy/install.sh uninstall    removes the program, in each version, and the unit; configuration, keys and data stay
#
# With DESTDIR, everything goes below that folder and nothing outside it is changed: no account, no systemctl.
set -eu

account=inforiver-mail
# What a release consists of. Whatever else lies in its folder, such as secrets beside the examples of deploy, is the
# operator's, and is neither copied nor touched.
parts='bin program runtime docs licenses CHANGELOG.md
  deploy/install.sh
  deploy/container/Caddyfile deploy/container/Containerfile deploy/container/compose.yaml
  deploy/container/compose.certificate.yaml deploy/container/compose.federated-token.yaml
  deploy/container/compose.vault-keys-command.yaml
  deploy/container/health-check.mjs deploy/container/inforiver-mail.env
  deploy/grafana/inforiver-mail.json
  deploy/kubernetes/base/api.yaml deploy/kubernetes/base/kustomization.yaml
  deploy/kubernetes/base/network-policy.yaml deploy/kubernetes/base/worker.yaml
  deploy/kubernetes/components/backup/backup.yaml deploy/kubernetes/components/backup/kustomization.yaml
  deploy/kubernetes/components/backup/tools.yaml deploy/kubernetes/components/certificate/kustomization.yaml
  deploy/kubernetes/components/federated-token/kustomization.yaml
  deploy/kubernetes/components/federated-token/service-account.yaml
  deploy/kubernetes/components/vault-keys-command/kustomization.yaml
  deploy/kubernetes/example/inforiver-mail.env deploy/kubernetes/example/ingress.yaml
  deploy/kubernetes/example/kustomization.yaml deploy/kubernetes/example/namespace.yaml
  deploy/kubernetes/example/smtp.yaml
  deploy/prometheus/inforiver-mail.rules.yml
  deploy/systemd/inforiver-mail.env deploy/systemd/inforiver-mail.service
  deploy/windows/inforiver-mail.xml'
root=$(cd -- "$(dirname -- "$(readlink -f -- "$0")")/.." && pwd -P)
destination=${DESTDIR:-}

main() {
  [ $# -eq 0 ] || [ "$*" = uninstall ] || fail 64 'usage: deploy/install.sh [uninstall]'
  if [ -n "$destination" ]; then
    mkdir -p -- "$destination"
    destination=$(cd -- "$destination" && pwd -P)
    [ "$destination" != / ] || destination=
  fi
  programs=$destination/opt
  configuration=$destination/etc/inforiver-mail
  state=$destination/var/lib/inforiver-mail
  unit=$destination/etc/systemd/system/inforiver-mail.service
  [ -n "${DESTDIR:-}" ] || [ "$(id -u)" -eq 0 ] || fail 77 'This has to be run by root, or with DESTDIR.'
  if [ $# -eq 0 ]; then install_product; else uninstall_product; fi
}

install_product() {
  [ -x "$root/bin/inforiver-mail" ] || fail 70 "There is no bin/inforiver-mail in $root. Run this from an unpacked release."
  if [ -d "$programs/inforiver-mail" ] && [ ! -L "$programs/inforiver-mail" ]; then
    fail 73 "$programs/inforiver-mail is a folder of an earlier installation. Move it away, and run this again (docs/install.md)."
  fi
  version=$("$root/bin/inforiver-mail" version) # it says so itself when the folder is incomplete
  if [ -e "$programs/inforiver-mail-$version/.data" ]; then
    fail 73 "There are data in $programs/inforiver-mail-$version/.data, where they do not stay. Move them away, and run this again."
  fi
  refuse_to_replace_more
  make_account
  make_folders
  make_vault_key
  make_configuration
  install_program
  install_file 644 "$root/deploy/systemd/inforiver-mail.service" "$unit"
  reload
  say "Inforiver Mail $version is installed in $programs/inforiver-mail-$version."
  if is_running; then
    say 'The service still runs the version before: systemctl restart inforiver-mail'
  else
    say "1. Fill in $configuration/inforiver-mail.env (docs/install.md)."
    say '2. systemctl enable --now inforiver-mail'
  fi
  say "Keep a copy of $configuration/vault-keys apart from every backup of the data."
}

uninstall_product() {
  if on_this_machine && [ -e "$unit" ]; then systemctl disable --now inforiver-mail; fi
  rm -f -- "$unit"
  reload
  for program in "$programs"/inforiver-mail-[0-9]*; do # the version before is kept by an upgrade
    if [ ! -f "$program/deploy/install.sh" ] || [ -L "$program" ]; then continue; fi
    if [ -e "$program/.data" ]; then
      say "There are data in $program/.data: the folder stays."
      continue
    fi
    kept=$(find_more "$program" && find_changed "$program")
    if [ -n "$kept" ]; then
      say "No release has put these into $program, or they were changed since: the folder stays."
      say "$kept"
    else
      rm -rf -- "$program"
    fi
  done
  case $(readlink -- "$programs/inforiver-mail") in
    inforiver-mail-*/*) ;; # not ours
    inforiver-mail-*) rm -f -- "$programs/inforiver-mail" ;;
  esac
  say "The program and the service are removed. What stays: $configuration, $state and the account $account."
}

refuse_to_replace_more() {
  target=$programs/inforiver-mail-$version
  if [ "$root" = "$target" ] || [ ! -d "$target" ]; then return 0; fi
  kept=$(find_more "$target" && find_different "$target")
  [ -z "$kept" ] || fail 73 "No release has put these into $target, or they were changed since, and they would be replaced. Move them away, and run this again.
$kept"
}

# Lists what lies in the folder of a version beside the parts of a release, such as secrets of the operator.
find_more() {
  cd -- "$1"
  set --
  for part in $parts; do set -- "$@" -path "./$part" -prune -o; done
  find . "$@" ! -type d -print
}

# Lists what was changed in the examples of deploy, such as a file that was filled in: a release writes the list of its
# contents last, and neither an archive nor an installation changes the times of files.
find_changed() {
  cd -- "$1"
  if [ ! -e program/contents.json ]; then return 0; fi
  for part in $parts; do
    case $part in deploy/*) if [ -e "$part" ]; then find "./$part" -newer program/contents.json; fi ;; esac
  done
}

# Lists the files of deploy that differ from those of this release, in the folder that another one of its version would replace.
find_different() {
  for part in $parts; do
    case $part in deploy/*) if [ -e "$1/$part" ] && ! is_same "$root/$part" "$1/$part"; then say "./$part"; fi ;; esac
  done
}

is_same() { [ -e "$1" ] && [ "$(cksum <"$1")" = "$(cksum <"$2")" ]; }

make_account() {
  is_for_this_machine || return 0
  if ! getent passwd "$account" >/dev/null; then
    useradd --system --user-group --no-create-home --home-dir /var/lib/inforiver-mail --shell /usr/sbin/nologin "$account"
  fi
}

make_folders() {
  mkdir -p -- "$programs" "$configuration" "$state" "$(dirname -- "$unit")"
  chmod 750 "$configuration"
  chmod 700 "$state"
  if is_for_this_machine; then
    chown "root:$account" "$configuration"
    chown "$account:$account" "$state"
  fi
}

# A key that is replaced opens nothing any more, so an existing one is never touched, an empty file included.
make_vault_key() {
  keys=$configuration/vault-keys
  [ ! -e "$keys" ] || return 0
  (umask 077 && printf 'k1:%s\n' "$(head -c 32 /dev/urandom | base64)" >"$keys.new")
  if is_for_this_machine; then chown "$account:$account" "$keys.new"; fi
  mv -- "$keys.new" "$keys"
}

make_configuration() {
  [ ! -e "$configuration/inforiver-mail.env" ] || return 0
  install_file 640 "$root/deploy/systemd/inforiver-mail.env" "$configuration/inforiver-mail.env"
  if is_for_this_machine; then chgrp "$account" "$configuration/inforiver-mail.env"; fi
}

# The folder of a version appears when it is whole, and the link changes in one step: the service can start at any moment.
install_program() {
  target=$programs/inforiver-mail-$version
  if [ "$root" != "$target" ]; then
    rm -rf -- "$target.new" "$target.old"
    mkdir -- "$target.new"
    for part in $parts; do
      if [ ! -e "$root/$part" ]; then continue; fi
      mkdir -p -- "$(dirname -- "$target.new/$part")"
      cp -R -P -p -- "$root/$part" "$target.new/$part"
      case $part in deploy/*/inforiver-mail.env) chmod go= "$target.new/$part" ;; esac # it may have been filled in
    done
    if is_for_this_machine; then chown -R root:root "$target.new"; fi
    open_to_all "$target.new"
    if [ -e "$target" ]; then mv -- "$target" "$target.old"; fi
    mv -- "$target.new" "$target"
    rm -rf -- "$target.old"
  else
    open_to_all "$target"
  fi
  rm -f -- "$programs/inforiver-mail.new"
  ln -s -- "inforiver-mail-$version" "$programs/inforiver-mail.new"
  mv -T -- "$programs/inforiver-mail.new" "$programs/inforiver-mail"
}

# An archive keeps the owner that it was packed with when root unpacks it, and a strict umask may have closed the folder.
open_to_all() {
  open_up "$1"
  for part in $parts; do
    case $part in deploy/*/inforiver-mail.env) continue ;; esac # as above
    if [ ! -e "$1/$part" ]; then continue; fi
    folder=$(dirname -- "$part")
    while [ "$folder" != . ]; do
      open_up "$1/$folder"
      folder=$(dirname -- "$folder")
    done
    open_up -R "$1/$part"
  done
}

# Takes a path and, with -R, what is in there too.
open_up() {
  if is_for_this_machine; then chown root:root "$@"; fi
  chmod u=rwX,go=rX "$@"
}

install_file() {
  cp -- "$2" "$3.new"
  chmod "$1" "$3.new"
  mv -- "$3.new" "$3"
}

is_for_this_machine() { [ -z "${DESTDIR:-}" ]; }

# A machine that is being prepared, such as an image, has no systemd that runs.
on_this_machine() { is_for_this_machine && [ -d /run/systemd/system ]; }

reload() { if on_this_machine; then systemctl daemon-reload; fi; }

is_running() { on_this_machine && systemctl --quiet is-active inforiver-mail; }

say() { printf '%s\n' "$1"; }

fail() {
  printf '%s\n' "$2" >&2
  exit "$1"
}

# The shell has read everything when this line runs, so that the file may be removed.
main "$@"
exit

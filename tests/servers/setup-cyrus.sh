#!/bin/sh
# Lays a Cyrus IMAP with CardDAV into a folder and starts nothing. Debian: cyrus-imapd cyrus-caldav sasl2-bin.
#
#     setup-cyrus.sh FOLDER HTTP_PORT DIGEST_PORT IMAP_PORT USER...    the password of all is read from its input
#     FOLDER/run                                                       serves on 127.0.0.1 until it is killed
#
# On DIGEST_PORT the same server signs in by Digest alone. Over IMAP the administrator `cyrus`, with the same
# password, makes the mailboxes of the users: without one every DAV request is answered by 500.
#
# Outside the folder it reads its programs and, at most, writes to the system's log. Cyrus does not run as root:
# for root, folder and server become the package's user's; anyone else serves under their own name.
set -eu
folder=$1 http=$2 digest=$3 imap=$4
shift 4
read -r password

become=
owner=$(id -un)
if [ "$(id -u)" = 0 ]; then
    owner=cyrus
    become="setpriv --reuid cyrus --regid $(id -gn cyrus) --clear-groups"
fi
group=$(id -gn "$owner")

mkdir "$folder/lib" "$folder/spool" "$folder/running" "$folder/running/proc" "$folder/running/lock"

# `digest_` makes an option one of the service of that name alone. Recovery is for databases that lasted.
cat >"$folder/imapd.conf" <<END
configdirectory: $folder/lib
defaultpartition: default
partition-default: $folder/spool
proc_path: $folder/running/proc
mboxname_lockpath: $folder/running/lock
lmtpsocket: $folder/running/lmtp
idlesocket: $folder/running/idle
notifysocket: $folder/running/notify
cyrus_user: $owner
cyrus_group: $group
admins: cyrus
servername: localhost
httpmodules: carddav
carddav_allowaddmember: yes
unixhierarchysep: yes
altnamespace: yes
failedloginpause: 0
allowplaintext: yes
digest_allowplaintext: no
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: $folder/sasldb2
sasl_mech_list: PLAIN LOGIN DIGEST-MD5
END

cat >"$folder/cyrus.conf" <<END
START {
  databases cmd="ctl_cyrusdb -C $folder/imapd.conf -r"
}
SERVICES {
  imap cmd="imapd -C $folder/imapd.conf" listen="127.0.0.1:$imap" proto="tcp4" prefork=0 maxchild=10
  http cmd="httpd -C $folder/imapd.conf" listen="127.0.0.1:$http" proto="tcp4" prefork=1 maxchild=50
  digest cmd="httpd -C $folder/imapd.conf" listen="127.0.0.1:$digest" proto="tcp4" prefork=0 maxchild=50
}
END

cat >"$folder/run" <<END
#!/bin/sh
exec $become /usr/lib/cyrus/bin/master -C $folder/imapd.conf -M $folder/cyrus.conf -p $folder/running/pid
END
chmod 755 "$folder/run"

for user in cyrus "$@"; do
    printf '%s\n' "$password" | saslpasswd2 -p -c -f "$folder/sasldb2" -u localhost "$user"
done

if [ "$(id -u)" = 0 ]; then
    chown -R "$owner:$group" "$folder"
fi

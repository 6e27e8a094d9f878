#!/bin/sh
# Lays a SOGo with its PostgreSQL and memcached into a folder, and leaves nothing running.
# Debian: sogo memcached postgresql.
#
#     setup-sogo.sh FOLDER HTTP_PORT USER...           the password of all is read from its input
#     FOLDER/run database, FOLDER/run cache, FOLDER/run web    serve, together, on 127.0.0.1 until each is killed
#     FOLDER/run farewell                              ends the database in good order
#
# Outside the folder everything is only read; what /etc says of a SOGo gives way to what this one is told. Only SOGo
# itself has a port, the sockets of the others are in the folder. PostgreSQL holds a small segment of System V memory,
# and gives it back only in good order. None of them runs as root: for root, folder and servers become those of the
# package's user; anyone else serves under their own name, but has to be of the group that may read
# /etc/sogo/sogo.conf. SOGo does not end for TERM, and its workers are no part of its process group.
set -eu
folder=$1 http=$2
shift 2
read -r password

become=
owner=$(id -un)
if [ "$(id -u)" = 0 ]; then
    owner=sogo
    become="setpriv --reuid $owner --regid $(id -gn $owner) --clear-groups"
fi

postgres=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
# The folder of the database's socket stands where a host is expected.
database="postgresql://sogo@$(printf '%s' "$folder" | sed 's,/,%2F,g')/sogo"

mkdir "$folder/temporary"

# Whom SOGo lets in; the table is an address book of its own as well, one that every user sees.
cat >"$folder/users.sql" <<'END'
CREATE TABLE users (
    c_uid TEXT PRIMARY KEY, c_name TEXT NOT NULL, c_password TEXT NOT NULL, c_cn TEXT NOT NULL, mail TEXT NOT NULL
);
END
cat >"$folder/user.sql" <<'END'
INSERT INTO users VALUES (:'name', :'name', :'password', :'name', :'name' || '@example.com');
END

cat >"$folder/sogo.conf" <<END
({
    id = directory; displayName = Directory; type = sql; viewURL = "$database/users";
    canAuthenticate = YES; userPasswordAlgorithm = plain; isAddressBook = YES;
})
END

cat >"$folder/surroundings" <<END
export PATH=$postgres:/usr/sbin:/usr/bin:/sbin:/bin
export HOME=$folder TMPDIR=$folder/temporary PGHOST=$folder LC_ALL=C.UTF-8
cd $folder
END

cat >"$folder/prepare" <<END
#!/bin/sh
set -eu
. $folder/surroundings
export PGUSER=sogo
initdb --no-sync -A trust -U sogo -E UTF8 --locale=C -D database
cat >>database/postgresql.conf <<OPTIONS
listen_addresses = ''
unix_socket_directories = '$folder'
fsync = off
dynamic_shared_memory_type = mmap
max_connections = 50
shared_buffers = 32MB
OPTIONS
pg_ctl -D database -l database.log -w start
trap 'pg_ctl -D database -w -m fast stop' EXIT
createdb sogo
psql -qX -v ON_ERROR_STOP=1 -f users.sql sogo
read -r password
for user; do
    psql -qX -v ON_ERROR_STOP=1 -v name="\$user" -v password="\$password" -f user.sql sogo </dev/null
done
END

cat >"$folder/serve" <<END
#!/bin/sh
. $folder/surroundings
case \$1 in
    database) exec postgres -D database ;;
    cache) exec memcached -s $folder/cache -m 64 ;;
    farewell) exec pg_ctl -D database -w -t 10 -m fast stop ;;
    web)
        exec sogod -WOUseWatchDog YES -WONoDetach YES -WOWorkersCount 6 -WOLogFile - \\
            -WOPidFile $folder/pid -WOPort 127.0.0.1:$http -SOGoMemcachedHost $folder/cache \\
            -SOGoProfileURL "$database/sogo_user_profile" \\
            -OCSFolderInfoURL "$database/sogo_folder_info" \\
            -OCSSessionsFolderURL "$database/sogo_sessions_folder" \\
            -OCSEMailAlarmsFolderURL "$database/sogo_alarms_folder" \\
            -SOGoUserSources "\$(cat sogo.conf)"
        ;;
esac
END

cat >"$folder/run" <<END
#!/bin/sh
exec $become sh $folder/serve "\$1"
END
chmod 755 "$folder/run"

if [ "$(id -u)" = 0 ]; then
    chown -R "$owner:" "$folder"
fi
printf '%s\n' "$password" | $become sh "$folder/prepare" "$@"

#!/bin/sh
# Lays a DAViCal with its PostgreSQL, PHP and nginx into a folder, and leaves nothing running.
# Debian: davical postgresql php-fpm php-pgsql php-xml nginx libyaml-perl libdbd-pg-perl.
#
#     setup-davical.sh FOLDER HTTP_PORT USER...        the password of all is read from its input
#     FOLDER/run database, FOLDER/run php, FOLDER/run web    serve, together, on 127.0.0.1 until each is killed
#
# Outside the folder everything is only read: the programs, and the settings that Debian gives every PHP. What /etc
# says of a DAViCal is hidden from this one. PostgreSQL has no port, its socket is in the folder; it holds a small
# segment of System V memory, and gives it back when INT ends it. It does not run as root: for root, folder and
# servers become those of www-data; anyone else serves under their own name.
set -eu
folder=$1 http=$2
shift 2
read -r password

become=
owner=$(id -un)
if [ "$(id -u)" = 0 ]; then
    owner=www-data
    become="setpriv --reuid $owner --regid $owner --clear-groups"
fi

newest() {
    printf '%s\n' "$@" | sort -V | tail -n 1
}
postgres=$(newest /usr/lib/postgresql/*/bin)
fpm=$(newest /usr/sbin/php-fpm*)

mkdir "$folder/site" "$folder/site/config" "$folder/temporary"
# A copy, because DAViCal looks for its configuration beside the program, once it finds none in /etc.
cp -R /usr/share/davical/htdocs "$folder/site/"

cat >"$folder/site/config/config.php" <<'END'
<?php
$c->pg_connect[] = "dbname=davical user=davical_app";
$c->domain_name = "127.0.0.1";
$c->readonly_webdav_collections = false;
END

cat >"$folder/php.conf" <<END
[global]
error_log = $folder/php.log
daemonize = no
[davical]
listen = $folder/php
pm = static
pm.max_children = 6
clear_env = no
php_admin_value[include_path] = /usr/share/davical/inc:/usr/share/awl/inc:/usr/share/php
php_admin_value[open_basedir] = $folder:/usr/share/davical:/usr/share/awl:/usr/share/php
php_admin_value[session.save_path] = $folder/temporary
php_admin_value[upload_tmp_dir] = $folder/temporary
php_admin_value[sys_temp_dir] = $folder/temporary
php_admin_value[memory_limit] = 512M
php_admin_value[max_execution_time] = 120
END

cat >"$folder/nginx.conf" <<END
daemon off;
pid $folder/nginx.pid;
error_log stderr;
worker_processes 1;
events {
}
http {
    access_log off;
    client_max_body_size 64m;
    client_body_temp_path $folder/temporary/body;
    fastcgi_temp_path $folder/temporary/fastcgi;
    proxy_temp_path $folder/temporary/proxy;
    scgi_temp_path $folder/temporary/scgi;
    uwsgi_temp_path $folder/temporary/uwsgi;
    server {
        listen 127.0.0.1:$http;
        root $folder/site/htdocs;
        location /.well-known/ {
            return 302 /caldav.php/;
        }
        location /caldav.php {
            include /etc/nginx/fastcgi_params;
            fastcgi_split_path_info ^(/caldav\.php)(.*)\$;
            fastcgi_param SCRIPT_NAME \$fastcgi_script_name;
            fastcgi_param SCRIPT_FILENAME \$document_root\$fastcgi_script_name;
            fastcgi_param PATH_INFO \$fastcgi_path_info;
            fastcgi_read_timeout 120;
            fastcgi_pass unix:$folder/php;
        }
    }
}
END

# The account of each user, as DAViCal's own pages make it; `**` marks a password that is not hashed.
cat >"$folder/user.sql" <<'END'
WITH made AS (
    INSERT INTO usr (active, email_ok, updated, username, password, fullname)
    VALUES (TRUE, current_date, current_date, :'name', '**' || :'password', :'name')
    RETURNING user_no
)
INSERT INTO principal (type_id, user_no, displayname, default_privileges)
SELECT 1, user_no, :'name', 0::BIT(24) FROM made;
END

cat >"$folder/surroundings" <<END
export PATH=$postgres:/usr/sbin:/usr/bin:/sbin:/bin
export HOME=$folder TMPDIR=$folder/temporary PGHOST=$folder
cd $folder
END

cat >"$folder/prepare" <<END
#!/bin/sh
set -eu
. $folder/surroundings
export PGUSER=davical
initdb --no-sync -A trust -U davical -E UTF8 --locale=C -D database
cat >>database/postgresql.conf <<OPTIONS
listen_addresses = ''
unix_socket_directories = '$folder'
fsync = off
dynamic_shared_memory_type = mmap
max_connections = 30
shared_buffers = 32MB
OPTIONS
pg_ctl -D database -l database.log -w start
trap 'pg_ctl -D database -w -m fast stop' EXIT
/usr/share/davical/dba/create-database.sh davical
read -r password
for user; do
    psql -qX -v ON_ERROR_STOP=1 -v name="\$user" -v password="\$password" -f user.sql davical </dev/null
done
END

cat >"$folder/serve" <<END
#!/bin/sh
. $folder/surroundings
case \$1 in
    database) exec postgres -D database ;;
    php) exec $fpm --nodaemonize --fpm-config $folder/php.conf ;;
    web) exec nginx -e stderr -c $folder/nginx.conf ;;
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

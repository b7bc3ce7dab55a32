// Questions to the system catalogue. All of them run with an empty search_path, so every name that matters is qualified.

import { FLOOR_SCHEMA } from '../../core/floor/floor.ts'

/** What is there before anybody makes anything has lower ones; https://www.postgresql.org/docs/current/system-catalog-initial-data.html */
const FIRST_OWN_OID = 16384

/** Pawl's own schema belongs to no backup: it says something else before and after each of its runs. */
const OURS = `n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast', '${FLOOR_SCHEMA}') and n.nspname !~ '^pg_(toast_)?temp_'`

/** The extension an object of pg_class belongs to, if any; such objects are not dumped unless the extension says so. */
const EXTENSION = `
  left join lateral (
    select e.extname, coalesce(c.oid = any (e.extconfig), false) as configured, e.extcondition[array_position(e.extconfig, c.oid)] as condition
    from pg_depend d join pg_extension e on e.oid = d.refobjid
    where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.refclassid = 'pg_extension'::regclass and d.deptype = 'e'
  ) x on true`

/** Only the heap keeps rows at a page and lets a range of pages be read; a table of another kind is read as a whole. */
const PAGES = `case when m.amname = 'heap' then coalesce(pg_relation_size(c.oid), 0) / current_setting('block_size')::bigint else 0 end`

/** As the planner knows them, which waits for nobody. */
const INDEX_BYTES = `(select coalesce(sum(i.relpages::bigint), 0) * current_setting('block_size')::bigint
  from pg_index x join pg_class i on i.oid = x.indexrelid where x.indrelid = c.oid)::text as index_bytes`

/** Another one after whatever writes the table anew: TRUNCATE, VACUUM FULL, some kinds of ALTER TABLE. */
const FILENODE = `coalesce(pg_relation_filenode(c.oid), 0)::text as filenode`

/** Name and type of a column; types of others, and `char` without a length (whose trailing blanks say something), have no name. */
const COLUMN = `json_build_array(a.attname, case when y.typnamespace = 'pg_catalog'::regnamespace and (y.typname <> 'bpchar' or a.atttypmod > 0)
  then y.typname else '' end)`

/**
 * Tables whose rows a dump holds, and their partitioned parents; biggest first. Virtual columns (18+) have no stored value. Asking for
 * sizes waits for whoever holds one of the tables for himself; without, each has 0 pages.
 */
export function listTables(major: number, sizes = true): string {
  const pages = sizes ? PAGES : '0::bigint'
  const stored = major >= 18 ? ` and a.attgenerated <> 'v'` : ''
  return `
    select c.oid::text as oid, n.nspname as schema, c.relname as name, c.relkind as kind, (${pages})::text as pages, ${FILENODE}, ${INDEX_BYTES},
      greatest(c.reltuples, 0)::bigint::text as estimate, x.condition,
      (select coalesce(json_agg(${COLUMN} order by a.attname collate "C"), '[]') from pg_attribute a join pg_type y on y.oid = a.atttypid
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped${stored})::text as columns,
      (select coalesce(json_agg(a.attname order by a.attnum), '[]') from pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '')::text as copied,
      exists (select 1 from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and a.attgenerated <> '')::text as generated
    from pg_class c join pg_namespace n on n.oid = c.relnamespace left join pg_am m on m.oid = c.relam ${EXTENSION}
    where c.relkind in ('r', 'p') and c.relpersistence <> 't' and ${OURS} and (x.extname is null or x.configured)
    order by ${pages} desc, c.relpages desc, c.oid`
}

/** Leaf tables whose rows lie where the number of an enum's value says, and the topmost parent that is partitioned so. */
export const HASHED_BY_ENUM = `
  select n.nspname as schema, c.relname as name, parent.oid::text as parent
  from pg_class c join pg_namespace n on n.oid = c.relnamespace cross join lateral (
    select p.partrelid as oid from pg_partition_ancestors(c.oid) with ordinality as a (relid, up) join pg_partitioned_table p on p.partrelid = a.relid
    where p.partstrat = 'h' and exists (
      select from pg_opclass o join pg_am m on m.oid = o.opcmethod
      where o.oid = any (p.partclass) and o.opcname = 'enum_ops' and o.opcnamespace = 'pg_catalog'::regnamespace and m.amname = 'hash')
    order by a.up desc limit 1) parent
  where c.relispartition and c.relkind = 'r'`

/** Of one table, as `listTables` gives them. */
export function sizeInPages(oid: string): string {
  return `select (${PAGES})::text as pages, ${FILENODE} from pg_class c left join pg_am m on m.oid = c.relam where c.oid = ${oid}`
}

/** Gives a row while somebody holds the table for himself, or waits for that. */
export function holdsAlone(oid: string): string {
  return `
    select 1 from pg_locks where locktype = 'relation' and mode = 'AccessExclusiveLock' and relation = ${oid}
      and database = (select oid from pg_database where datname = current_database())`
}

export const LIST_SEQUENCES = `
  select n.nspname as schema, c.relname as name, s.seqincrement::text as increment, s.seqcycle::text as cycle,
    (has_schema_privilege(n.oid, 'USAGE') and has_sequence_privilege(c.oid, 'SELECT'))::text as readable
  from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_sequence s on s.seqrelid = c.oid ${EXTENSION}
  where c.relkind = 'S' and c.relpersistence <> 't' and ${OURS} and (x.extname is null or x.configured)
  order by 1, 2`

export const LIST_MATERIALIZED_VIEWS = `
  select n.nspname as schema, c.relname as name, c.relispopulated::text as populated,
    (select coalesce(json_agg(${COLUMN} order by a.attname collate "C"), '[]') from pg_attribute a join pg_type y on y.oid = a.atttypid
      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped)::text as columns
  from pg_class c join pg_namespace n on n.oid = c.relnamespace ${EXTENSION}
  where c.relkind = 'm' and ${OURS} and x.extname is null
  order by 1, 2`

/** What no dump holds: rows of foreign tables, and rows of tables that belong to an extension. */
export const LIST_UNCOVERED = `
  select c.oid::text as oid, n.nspname as schema, c.relname as name, c.relkind as kind, x.extname as extension,
    has_table_privilege(c.oid, 'SELECT')::text as readable
  from pg_class c join pg_namespace n on n.oid = c.relnamespace ${EXTENSION}
  where (c.relkind = 'f' or (c.relkind = 'r' and x.extname is not null and not x.configured)) and ${OURS}
  order by 2, 3`

/** Sequences of an extension, which are made anew with it; some stand where only whoever has used them knows. */
export const LIST_UNCOVERED_SEQUENCES = `
  select n.nspname as schema, c.relname as name, x.extname as extension, s.seqstart::text as start,
    (has_schema_privilege(n.oid, 'USAGE') and has_sequence_privilege(c.oid, 'SELECT'))::text as readable
  from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_sequence s on s.seqrelid = c.oid ${EXTENSION}
  where x.extname is not null and not x.configured and ${OURS}
  order by 1, 2`

/** Tables of which a dump holds some rows, and leaves the others to the extension. */
export const LIST_HALF_COVERED = `
  select n.nspname as schema, c.relname as name, x.extname as extension
  from pg_class c join pg_namespace n on n.oid = c.relnamespace ${EXTENSION}
  where c.relkind in ('r', 'p') and x.configured and x.condition <> '' and ${OURS}
  order by 1, 2`

/**
 * What hangs on a table or view of an extension comes with it, or not at all. Nothing records which of it the extension has made; but
 * whatever that has made is as old as the extension's own entry, or as one of its members. A cluster that pg_upgrade has moved does not
 * know that any more: there the extension's own may be among them.
 */
export const LIST_ADDED_TO_EXTENSIONS = `
  with theirs as (
    select d.objid as relation, e.oid as extension, e.extname from pg_depend d join pg_extension e on e.oid = d.refobjid
    where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_extension'::regclass and d.deptype = 'e'
  ), made as (
    select oid as extension, xmin::text as at from pg_extension
    union
    select refobjid, xmin::text from pg_depend where refclassid = 'pg_extension'::regclass and deptype = 'e'
  )
  select pg_describe_object(o.catalogue, o.oid, 0) as what, t.extname as extension
  from (
    select 'pg_class'::regclass as catalogue, i.indexrelid as oid, i.indrelid as relation, i.xmin::text as at from pg_index i
    where not exists (select from pg_constraint k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x'))
    union all select 'pg_constraint'::regclass, oid, conrelid, xmin::text from pg_constraint where contype <> 't'
    union all select 'pg_trigger'::regclass, oid, tgrelid, xmin::text from pg_trigger where not tgisinternal
    union all select 'pg_rewrite'::regclass, oid, ev_class, xmin::text from pg_rewrite
    union all select 'pg_policy'::regclass, oid, polrelid, xmin::text from pg_policy
    union all select 'pg_statistic_ext'::regclass, oid, stxrelid, xmin::text from pg_statistic_ext
  ) o join theirs t on t.relation = o.relation
  where not exists (select from made m where m.extension = t.extension and m.at = o.at)
    and not exists (select from pg_depend d where d.classid = o.catalogue and d.objid = o.oid and d.deptype = 'e')
  order by 1`

/** A dump leaves PostgreSQL's own schemas out, whoever has put something there. */
export const LIST_AMONG_OWN = `
  select pg_describe_object(o.catalogue, o.oid, 0) as what, n.nspname as schema
  from (
    select 'pg_proc'::regclass as catalogue, oid, pronamespace as schema from pg_proc
    union all select 'pg_operator'::regclass, oid, oprnamespace from pg_operator where oprcode <> 0
    union all select 'pg_type'::regclass, oid, typnamespace from pg_type
    union all select 'pg_class'::regclass, oid, relnamespace from pg_class where relkind in ('r', 'p', 'v', 'm', 'f', 'S')
  ) o join pg_namespace n on n.oid = o.schema
  where n.nspname in ('pg_catalog', 'information_schema') and o.oid >= ${FIRST_OWN_OID}
    and not exists (select from pg_depend d where d.classid = o.catalogue and d.objid = o.oid and d.deptype in ('e', 'i'))
  order by 1`

/** What enforces a constraint can be disabled, and a dump holds the constraint alone. */
export const LIST_UNENFORCED = `
  select distinct n.nspname as schema, c.relname as name
  from pg_trigger t join pg_constraint k on k.oid = t.tgconstraint join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
  where t.tgisinternal and t.tgenabled <> 'O' and k.contype <> 't' and ${OURS}
  order by 1, 2`

/** Of subscriptions and of user mappings' options a login sees its own; which those are, the view of user mappings says. */
export const HIDDEN_FROM_LOGIN = `
  select what from (
    select format('subscription %I: only a superuser can dump it', s.subname) as what
    from pg_subscription s join pg_database d on d.oid = s.subdbid where d.datname = current_database()
    union all
    select format('user mapping of %s for server %I: only a superuser can dump its options', m.usename, m.srvname)
    from pg_user_mappings m join pg_foreign_server s on s.oid = m.srvid
    where m.umoptions is null and not (m.umuser <> 0 and m.usename = current_user and (pg_has_role(s.srvowner, 'USAGE') or has_server_privilege(s.oid, 'USAGE')))
      and not (m.umuser = 0 and pg_has_role(s.srvowner, 'USAGE'))
  ) hidden where current_setting('is_superuser') = 'off' order by 1`

/** Operators that another one names as its commutator or negator and nobody ever defined: a dump leaves them out. */
export const LIST_UNDEFINED_OPERATORS = `
  select n.nspname as schema, o.oprname as name, o.oprleft::regtype::text as left, o.oprright::regtype::text as right
  from pg_operator o join pg_namespace n on n.oid = o.oprnamespace where o.oprcode = 0 and ${OURS}
  order by 1, 2, 3, 4`

/** What somebody added to an operator family of PostgreSQL's own: a dump holds neither such a family nor what was added to it, but for the members of an operator class. */
export const LIST_ADDED_TO_FAMILIES = `
  select pg_describe_object(m.catalogue, m.oid, 0) as member
  from (
    select 'pg_amop'::regclass as catalogue, oid, amopfamily as family, 'pg_operator'::regclass as kind, amopopr as uses from pg_amop
    union all select 'pg_amproc'::regclass, oid, amprocfamily, 'pg_proc'::regclass, amproc from pg_amproc
  ) m
  where m.oid >= ${FIRST_OWN_OID} and m.family < ${FIRST_OWN_OID}
    and not exists (select from pg_depend d where d.classid = m.catalogue and d.objid = m.oid and d.refclassid = 'pg_opclass'::regclass)
    and not exists (select from pg_depend d where d.classid = m.kind and d.objid = m.uses and d.deptype = 'e')
  order by 1`

export const EXTENSIONS = `select extname as name, extversion as version from pg_extension order by extname collate "C"`

/** Large objects are rows of a table of the server's own. */
export const WRITE_COUNTER = `
  select coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::text as counter from (
    select * from pg_stat_user_tables where schemaname <> '${FLOOR_SCHEMA}'
    union all
    select * from pg_stat_sys_tables where relid = 'pg_catalog.pg_largeobject'::regclass
  ) counted`

export const COUNTS_WRITES = `select current_setting('track_counts')::bool::text as counts`

/** The file of each table and sequence: TRUNCATE, and whatever else writes a table anew, gives it another one. */
export const FILES = `
  select format('%s.%s %s', n.nspname, c.relname, c.relfilenode) as line from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'm', 'S') and c.relpersistence <> 't' and ${OURS}
  order by n.nspname collate "C", c.relname collate "C"`

/** From beside: also of a database that nobody may enter, and 0 of one that is not there. Counts the server's own tables too. */
export const WRITES_IN = `
  select coalesce(sum(tup_inserted + tup_updated + tup_deleted), 0)::text as counter from pg_stat_database where datname = $1`

/** Of the database $1. A temporary one goes with its session. */
export const LOGICAL_SLOTS = `
  select slot_name as name from pg_replication_slots where slot_type = 'logical' and not temporary and database = $1 order by 1`

/** Of the database $1. Each has a slot at its publisher. */
export const ENABLED_SUBSCRIPTIONS = `
  select quote_ident(s.subname) as name
  from pg_subscription s join pg_database d on d.oid = s.subdbid where s.subenabled and d.datname = $1 order by 1`

/** Clients of the database $1 other than Pawl, and prepared transactions, which hold writes without a session. */
export const SESSIONS = `
  select pid::text as pid, coalesce(usename, '') as user, coalesce(application_name, '') as application, coalesce(state, 'unknown') as state
  from pg_stat_activity
  where datname = $1 and pid <> pg_backend_pid() and usesysid is not null
    and coalesce(backend_type, 'client backend') = 'client backend' and application_name is distinct from 'pawl'
  union all
  select '0', owner, 'prepared transaction ' || gid, 'prepared' from pg_prepared_xacts where database = $1
  order by 1`

/** One line for each thing that makes up the structure of a database; independent of object ids and of creation order. */
export const FINGERPRINT = `
  select line from (
    select format('table %s.%s %s %s', n.nspname, c.relname, c.relkind, c.relpersistence) as line
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and c.relpersistence <> 't' and ${OURS}
    union all
    select format('column %s.%s.%s %s notnull=%s identity=%s generated=%s default=%s', n.nspname, c.relname, a.attname,
      format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated, pg_get_expr(d.adbin, d.adrelid))
    from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
    left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p', 'v', 'm', 'f') and c.relpersistence <> 't' and ${OURS}
    union all
    select format('constraint %s.%s.%s %s', n.nspname, c.relname, k.conname, pg_get_constraintdef(k.oid))
    from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace where ${OURS}
    union all
    select format('index %s', pg_get_indexdef(i.indexrelid))
    from pg_index i join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
    where c.relpersistence <> 't' and ${OURS}
    union all
    select format('view %s.%s %s', n.nspname, c.relname, pg_get_viewdef(c.oid))
    from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('v', 'm') and ${OURS}
    union all
    select format('trigger %s', pg_get_triggerdef(t.oid))
    from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
    where not t.tgisinternal and ${OURS}
    union all
    select format('function %s.%s(%s) %s', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid), md5(p.prosrc))
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace where ${OURS}
    union all
    select format('type %s.%s %s %s', n.nspname, t.typname, t.typtype,
      (select string_agg(e.enumlabel, ',' order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid))
    from pg_type t join pg_namespace n on n.oid = t.typnamespace where t.typtype in ('e', 'd', 'r') and ${OURS}
  ) lines order by line collate "C"`

/** What the login may do; `$1` is null or a second login to take into account is asked separately. */
export const RIGHTS = `
  select (r.rolsuper or pg_has_role(d.datdba, 'MEMBER'))::text as owns, (r.rolsuper or r.rolcreatedb)::text as creates,
    (r.rolsuper or pg_has_role('pg_signal_backend', 'MEMBER'))::text as ends, (r.rolsuper or r.rolbypassrls)::text as bypasses,
    has_database_privilege(d.oid, 'CREATE')::text as schemas,
    r.rolsuper::text as super
  from pg_roles r, pg_database d where r.rolname = current_user and d.datname = $1`

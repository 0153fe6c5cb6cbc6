-- The steps by psql.
\set VERBOSITY verbose
\set SHOW_CONTEXT never
select 7 as number, 'it''s ü' as text, null::int as nothing;
select $1::int + $2::int as sum \bind 40 2 \g
begin;
select 1/0;
select 1;
rollback;
begin;
savepoint s;
select nothing_at_all;
rollback to s;
select 'goes on' as word;
create temp table t(a int, b text) on commit drop;
copy t from stdin;
1	one
2	two
\.
copy t to stdout with csv;
select count(*) from t;
declare c cursor for select generate_series(1, 50);
fetch 3 from c;
commit;
copy item from stdin;
nonsense
\.
do $$ begin raise notice 'hello'; raise warning 'careful'; end $$;
select n, 'row ' || n from generate_series(1, 300) n;
\set FETCH_COUNT 50
select n from generate_series(1, 200) n;
\set FETCH_COUNT 0
set statement_timeout = 0;
begin;
set local statement_timeout = '200ms';
select pg_sleep(20);
rollback;
select 1 as one \; select 2 as two;
select 'a' || n as x from generate_series(1, 3) n \gset row_
select pg_catalog.current_database();
\d item

// PostgreSQL's own regression database: what its developers keep to have one of everything. Made by their suite, from Debian's
// source package of the machine's major; tables, types, rules, partitions and rows of every kind there is.
import { chmod, mkdir, mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { childProcesses } from '../../src/adapters/process/processes.ts'
import { cacheDirectory } from './postgres-majors.ts'
import { PG_BIN, SUPERUSER_PASSWORD, type TestServer } from './postgres.ts'

const MAJOR = 15
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'

/** Run by a shell in a new directory: fetches from where the machine gets its packages, with lists of its own. */
const MAKE = `
set -e
mkdir -p lists/partial
site=$(apt-get indextargets --format '$(CODENAME) $(REPO_URI)' | sed -n 's/^bookworm //p' | head -n 1)
printf 'deb-src [signed-by=%s] %s bookworm main\\n' "$1" "$site" > sources.list
apt="apt-get -qq -o Dir::Etc::SourceList=$PWD/sources.list -o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists=$PWD/lists"
$apt update
$apt source --download-only postgresql-$2
tar --extract --file postgresql-$2_*.orig.tar.bz2 --strip-components=3 --wildcards '*/src/test/regress/*'
cc -fPIC -shared -w -I"$(pg_config --includedir-server)" regress/regress.c -o regress/regress.so
rm -rf lists *.tar.* *.dsc
`

/** The suite's directory; needs a C compiler and the headers of the server (postgresql-server-dev-15) the first time. */
async function suite(): Promise<string> {
  const final = join(cacheDirectory(), `regress-${MAJOR}`)
  const there = await stat(final).catch(() => undefined)
  if (there !== undefined) return join(final, 'regress')
  await mkdir(cacheDirectory(), { recursive: true, mode: 0o755 })
  const fresh = await mkdtemp(join(cacheDirectory(), 'new-'))
  try {
    await chmod(fresh, 0o755)
    const args = ['-c', MAKE, 'make', KEYRING, String(MAJOR)]
    const made = await childProcesses().run({ program: 'sh', args, cwd: fresh })
    if (made.exitCode !== 0)
      throw new Error(`PostgreSQL's regression suite cannot be made: ${made.stderr.slice(-2000)}`)
    await rename(fresh, final)
    return join(final, 'regress')
  } finally {
    await rm(fresh, { recursive: true, force: true })
  }
}

/** Runs every file of the suite in `database`; what each prints is not looked at, only what it leaves behind is wanted. */
export async function makeRegressionDatabase(server: TestServer, database: string): Promise<void> {
  const directory = await suite()
  const results = await mkdtemp(join(tmpdir(), 'pawl-regress-'))
  // The server writes there too.
  await mkdir(join(results, 'results'))
  for (const path of [results, join(results, 'results')]) await chmod(path, 0o777)
  await server.query('postgres', `create database ${database} template template0 lc_collate 'C' lc_ctype 'C'`)
  for (const [name, value] of [
    ['lc_messages', 'C'],
    ['lc_monetary', 'C'],
    ['lc_numeric', 'C'],
    ['lc_time', 'C'],
    ['bytea_output', 'hex'],
    ['timezone_abbreviations', 'Default'],
  ])
    await server.query('postgres', `alter database ${database} set ${name} to '${value}'`)
  const env = {
    PGHOST: '127.0.0.1',
    PGPORT: String(server.port),
    PGUSER: server.superuser,
    PGPASSWORD: SUPERUSER_PASSWORD,
    PGTZ: 'PST8PDT',
    PGDATESTYLE: 'Postgres, MDY',
    PGOPTIONS: '-c intervalstyle=postgres_verbose',
    PG_ABS_SRCDIR: directory,
    PG_ABS_BUILDDIR: results,
    PG_LIBDIR: directory,
    PG_DLSUFFIX: '.so',
  }
  try {
    const schedule = await readFile(join(directory, 'parallel_schedule'), 'utf8')
    const files = schedule.split('\n').flatMap((line) => /^test: (.*)/.exec(line)?.[1]?.trim().split(/\s+/) ?? [])
    for (const file of files) {
      const args = ['-X', '-a', '-q', '-d', database, '-v', 'HIDE_TABLEAM=on', '-v', 'HIDE_TOAST_COMPRESSION=on']
      await childProcesses().run({
        program: join(PG_BIN, 'psql'),
        args: [...args, '-f', join(directory, 'sql', `${file}.sql`)],
        env,
        cwd: results,
      })
    }
  } finally {
    await rm(results, { recursive: true, force: true })
  }
}

// What a proven backup and a recovery cost, beside what people do without Pawl, all in one run.
// `npm run bench -- proof [--size 1G] [--pg 13,15,17] [--rounds 3] [--jobs 2]`
import { execFile } from 'node:child_process'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { parseArgs, promisify } from 'node:util'
import { MAJORS, programsOf, provideLocales, type Major } from '../support/postgres-majors.ts'
import { PG_BIN, startPostgres, type TestServer } from '../support/postgres.ts'
import { median, type Bench, type Figure } from './bench.ts'
import { makeDataset } from './proof/dataset.ts'
import { preparePawl } from './proof/pawl.ts'
import { rivals } from './proof/rivals.ts'
import { boundRatio, type Usage } from './proof/usage.ts'

const ROOT = join(import.meta.dirname, '../..')
/** A server as somebody runs it: durable, a quarter of a small machine's memory. */
const SETTINGS = { fsync: 'on', autovacuum: 'off', shared_buffers: '512MB', max_wal_size: '4GB' }
const MB = 1024 * 1024
const TIMES_LARGER = 4

interface Round {
  proofFactor: number
  bound: number
  recovery: number
  staged: number
  load: number
}

interface Setting {
  server: TestServer
  /** Directory of the server's socket: for those who are on its machine. */
  sockets: string
  bytes: number
  jobs: number
  bin: string
  say: (line: string) => void
}

export const proof: Bench = {
  name: 'proof',
  title: 'what a proven backup and a recovery cost, beside pg_dump, pg_restore, pgBackRest and pg_basebackup',
  usually: '9 min, 3 of them for --size 256M; for each PostgreSQL that --pg names',
  async run(args, say) {
    const options = {
      size: { type: 'string' },
      pg: { type: 'string' },
      rounds: { type: 'string' },
      jobs: { type: 'string' },
    } as const
    const { values } = parseArgs({ args: [...args], options })
    const [bytes, rounds, jobs] = [bytesIn(values.size ?? '1G'), Number(values.rounds ?? 3), Number(values.jobs ?? 2)]
    await promisify(execFile)(process.execPath, [join(ROOT, 'scripts/build.ts')], { cwd: ROOT })
    const majors = values.pg?.split(',').map(majorIn)
    // Older C libraries do not have the locale C.UTF-8 in themselves.
    if (majors !== undefined) await provideLocales()
    const figures: Figure[] = []
    for (const [at, major] of (majors ?? [undefined]).entries()) {
      const bin = major === undefined ? PG_BIN : await programsOf(major)
      const found = await onServer(bin, async (server, sockets) => {
        // Our own programs are the same for every major.
        return await measure({ server, sockets, bytes, jobs, bin, say }, rounds, at === 0)
      })
      const which = majors !== undefined && majors.length > 1 ? `PostgreSQL ${major}: ` : ''
      figures.push(...found.map((figure) => ({ ...figure, name: which + figure.name })))
    }
    return figures
  },
}

function majorIn(text: string): Major {
  const major = MAJORS.find((known) => String(known) === text.trim())
  if (major === undefined) throw new Error(`--pg ${text}: expected some of ${MAJORS.join(',')}`)
  return major
}

async function onServer<T>(bin: string, use: (server: TestServer, sockets: string) => Promise<T>): Promise<T> {
  const sockets = await mkdtemp(join(tmpdir(), 'pawl-bench-sockets-'))
  // The server runs as somebody else.
  await chmod(sockets, 0o777)
  const server = await startPostgres({ ...SETTINGS, unix_socket_directories: sockets }, bin)
  try {
    return await use(server, sockets)
  } finally {
    await server.stop()
    await rm(sockets, { recursive: true, force: true })
  }
}

async function measure(setting: Setting, rounds: number, alsoLarger: boolean): Promise<Figure[]> {
  const { server, bytes, say } = setting
  const [{ version } = {}] = await server.query('postgres', `select current_setting('server_version') as version`)
  say(`PostgreSQL ${version}, making ${sizeText(bytes)}`)
  await makeDataset(server, 'bench', bytes)
  const [{ size } = {}] = await server.query('bench', 'select pg_database_size(current_database())::float8 as size')
  say(`${sizeText(Number(size))} on disk`)
  const { figures, peak } = await inRounds(setting, rounds)
  const memory: Figure = { name: 'memory of our own processes', value: peak / MB, unit: 'MB', target: { below: 200 } }
  if (!alsoLarger) return [...figures, memory]
  const larger = await peakOfLarger(setting)
  return [
    ...figures,
    memory,
    { name: `memory at a size ${TIMES_LARGER} times larger / memory`, value: larger / peak, target: { most: 1.1 } },
  ]
}

async function inRounds(setting: Setting, rounds: number): Promise<{ figures: Figure[]; peak: number }> {
  const { server, sockets, jobs, bin, say } = setting
  const pawl = await preparePawl(server, 'bench', jobs, bin)
  const rival = await rivals({ server, sockets, database: 'bench', root: pawl.root, jobs, bin })
  const done: Round[] = []
  let peak = 0
  try {
    for (let round = 1; round <= rounds; round++) {
      const floor = await rival.copyFloor()
      const dump = await rival.dump()
      const [backup, prove] = [await pawl.backup(), await pawl.prove()]
      const restored = await rival.restore()
      const count = await rival.count()
      const restore = await pawl.restore()
      // A Job of its own in life, seconds later; before 15 a server's counts are written at most twice a second.
      await setTimeout(2000)
      const swap = await pawl.swap()
      await pawl.rewind()
      const base = await rival.baseBackup()
      const backRest = await rival.backRest()
      peak = Math.max(peak, backup.peakBytes, prove.peakBytes, restore.peakBytes)
      const proven = backup.wallS + prove.wallS
      done.push({
        proofFactor: proven / dump.wallS,
        bound: boundRatio([backup, prove]),
        recovery: (restore.wallS + swap) / restored.wallS,
        staged: swap / restored.wallS,
        load: backup.serverS / floor.serverS,
      })
      say(
        `round ${round}: pg_dump ${text(dump)}, pg_restore ${text(restored)}, count ${text(count)}, pg_basebackup ${text(base)}, pgBackRest ${backRest === undefined ? 'not here for this version' : text(backRest)}`,
      )
      say(
        `  Pawl: backup ${text(backup)} (${sizeText(pawl.storedBytes())} stored), proof ${text(prove)}, recovery ${text(restore)} + swap ${(swap * 1000).toFixed(0)} ms`,
      )
      const careful = dump.wallS + restored.wallS + count.wallS
      say(
        `  pg_dump + pg_restore + count, as a careful person does: ${careful.toFixed(1)} s; backup + proof: ${proven.toFixed(1)} s`,
      )
      say(
        `  memory: backup ${sizeText(backup.peakBytes)}, proof ${sizeText(prove.peakBytes)}, recovery ${sizeText(restore.peakBytes)}`,
      )
    }
  } finally {
    await pawl.dispose()
  }
  const of = (pick: (round: Round) => number): number => median(done.map(pick))
  const figures: Figure[] = [
    {
      name: 'proof factor: proven, encrypted, stored / pg_dump -Fd',
      value: of((round) => round.proofFactor),
      target: { most: 2 },
    },
    { name: 'bound ratio: processor time there was / used', value: of((round) => round.bound), target: { most: 1.15 } },
    { name: 'recovery / pg_restore', value: of((round) => round.recovery), target: { most: 1.1 } },
    { name: 'staged recovery / pg_restore', value: of((round) => round.staged), target: { most: 0.01 } },
    { name: 'load of the source / reading it once', value: of((round) => round.load), target: { most: 2.2 } },
  ]
  return { figures, peak }
}

/** The most memory of any of our processes for a database that is several times larger. Once: it lasts as long as several rounds. */
async function peakOfLarger({ server, bytes, jobs, bin, say }: Setting): Promise<number> {
  say(`making ${sizeText(bytes * TIMES_LARGER)} for the memory that it takes`)
  await makeDataset(server, 'larger', bytes * TIMES_LARGER)
  const pawl = await preparePawl(server, 'larger', jobs, bin)
  try {
    const [backup, prove, restore] = [await pawl.backup(), await pawl.prove(), await pawl.restore()]
    say(
      `memory: backup ${sizeText(backup.peakBytes)}, proof ${sizeText(prove.peakBytes)}, recovery ${sizeText(restore.peakBytes)}`,
    )
    return Math.max(backup.peakBytes, prove.peakBytes, restore.peakBytes)
  } finally {
    await pawl.dispose()
  }
}

function bytesIn(size: string): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)([KMG]?)$/i.exec(size) ?? []
  if (number === undefined) throw new Error(`${size} is no size: expected for example 128M or 1G`)
  return Number(number) * 1024 ** ['', 'K', 'M', 'G'].indexOf(unit.toUpperCase())
}

function sizeText(bytes: number): string {
  return `${(bytes / MB).toFixed(0)} MB`
}

function text({ wallS, cpuS, serverS }: Usage): string {
  return `${wallS.toFixed(1)} s (processor ${cpuS.toFixed(1)} + ${serverS.toFixed(1)} s)`
}

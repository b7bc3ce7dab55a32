// Backup: every database of the task in locked snapshots taken together, encrypted into the store, the manifest last.
import type { DatabaseTarget, ResultOf, TaskOf } from '../../core/data/tasks.ts'
import { isPawlError, PawlError } from '../../core/errors.ts'
import { buffer } from 'node:stream/consumers'
import { storePart, type Vault } from '../archive.ts'
import type { DataDeps, TaskContext } from '../deps.ts'
import {
  MANIFEST,
  manifestBytes,
  parseManifest,
  sha256Of,
  toBytes,
  type Manifest,
  type StoredPart,
} from '../manifest.ts'
import type { WorkDir } from '../../ports/workdir.ts'
import { inParallel } from '../parallel.ts'
import { connectionTarget, probe } from '../session.ts'
import { dumpDatabase, dumpDirectory, sequencesOf, type Dumped, type Subject } from './database.ts'
import { isLockQueue } from './lock-queue.ts'
import { holdSnapshot, type Snapshot } from './snapshot.ts'
import { TOOL_VERSION } from '../version.ts'

type BackupTask = TaskOf<'backup'>
type BackupResult = ResultOf<'backup'>

/** How many objects are written at once: small files wait for the store, not for the processor. */
const WRITES_AT_ONCE = 4
const ATTEMPTS = 5
const RETRY_MS = 300

function resultOf(manifest: Manifest, manifestSha256: string): BackupResult {
  return {
    set: manifest.set,
    manifestSha256,
    databases: manifest.databases,
    storedBytes: manifest.objects.reduce((sum, object) => sum + object.sizeBytes, 0),
    snapshotSpreadMs: manifest.snapshotSpreadMs,
  }
}

/** What an earlier attempt under this name left: its result where it was finished; its leftovers are removed where not. */
async function finishedBefore(vault: Vault, context: TaskContext): Promise<BackupResult | undefined> {
  const name = `${vault.set}/${MANIFEST}`
  const objects = await vault.store.list(`${vault.set}/`, context.signal)
  if (objects.some((object) => object.name === name)) {
    const bytes = await buffer(await vault.store.get(name, context.signal))
    return resultOf(parseManifest(bytes, vault.set), sha256Of(bytes))
  }
  for (const object of objects) await vault.store.remove(object.name, context.signal)
  return undefined
}

function checkRoles(databases: readonly DatabaseTarget[]): void {
  const roles = new Set(databases.map((database) => database.role))
  const plain = databases.every((database) => /^[a-z0-9][a-z0-9-]*$/.test(database.role) && database.role !== 'release')
  if (databases.length > 0 && plain && roles.size === databases.length) return
  throw new PawlError({ code: 'input-invalid', message: 'A backup needs databases with different, plain role names.' })
}

/** `login` is the product's own; `admin` the administrator's, for what the product itself may not read. */
type As = 'login' | 'admin'

async function subjectsOf(deps: DataDeps, context: TaskContext, task: BackupTask, as: As): Promise<Subject[]> {
  const subjects: Subject[] = []
  for (const database of task.databases) {
    const login = as === 'admin' ? (database.admin ?? database.login) : database.login
    const target = await connectionTarget(deps, database, login, database.database)
    const version = await probe(deps, target, context.signal)
    subjects.push({ database, target, version, tools: await deps.toolbox.forServer(version.major) })
  }
  return subjects
}

/** All of them again, in new snapshots, where one stood in a queue behind an exclusive lock. */
async function dumpInSnapshots(deps: DataDeps, context: TaskContext, work: WorkDir, subjects: Subject[], jobs: number) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await dumpAll(deps, context, work, subjects, jobs)
    } catch (error) {
      if (!isLockQueue(error) || attempt >= ATTEMPTS) throw error
      context.report({ phase: 'lock', note: `attempt ${attempt} stood behind an exclusive lock; trying again` })
      for (const { database } of subjects) await work.remove(dumpDirectory(database.role))
      await deps.clock.sleep(attempt * RETRY_MS, context.signal)
    }
  }
}

async function dumpAll(deps: DataDeps, context: TaskContext, work: WorkDir, subjects: Subject[], jobs: number) {
  const held: Snapshot[] = []
  try {
    const before = []
    for (const subject of subjects) before.push(await sequencesOf(deps, context, subject))
    for (const { database, target, version } of subjects)
      held.push(await holdSnapshot(deps, context, database, target, version.major))
    const times = held.map((snapshot) => Date.parse(snapshot.takenAt))
    const dumped: Dumped[] = []
    for (const [at, subject] of subjects.entries()) {
      const [snapshot, sequencesBefore] = [held[at], before[at]]
      if (snapshot === undefined || sequencesBefore === undefined) continue
      dumped.push(await dumpDatabase(deps, context, work, subject, snapshot, { jobs, sequencesBefore }))
      await snapshot.release()
    }
    return { dumped, snapshotSpreadMs: Math.max(...times) - Math.min(...times) }
  } finally {
    for (const snapshot of held) await snapshot.release()
  }
}

interface Upload {
  name: string
  role?: string
  sizeBytes: number
  open: () => ReturnType<WorkDir['read']> | Uint8Array
}

async function uploadsOf(
  deps: DataDeps,
  work: WorkDir,
  task: BackupTask,
  dumped: readonly Dumped[],
): Promise<Upload[]> {
  const uploads: Upload[] = []
  const document = (name: string, value: object): Upload => {
    const bytes = toBytes(value)
    return { name, sizeBytes: bytes.length, open: () => bytes }
  }
  for (const { evidence, digests, globals } of dumped) {
    const { role } = evidence
    const directory = dumpDirectory(role)
    for (const file of await work.files(directory)) {
      const name = `${role}/data/${file.name.slice(directory.length + 1)}.age`
      uploads.push({ name, role, sizeBytes: file.sizeBytes, open: () => work.read(file.name) })
    }
    uploads.push(
      { ...document(`${role}/globals.json.age`, globals), role },
      { ...document(`${role}/digests.json.age`, digests), role },
    )
  }
  const files = task.releaseFiles === undefined ? [] : await deps.secrets.files(task.releaseFiles)
  for (const { name, bytes } of files)
    uploads.push({ name: `release/${name}.age`, sizeBytes: bytes.length, open: () => bytes })
  // The biggest first, so that the last minute is not one big file alone.
  return uploads.toSorted((left, right) => right.sizeBytes - left.sizeBytes)
}

async function upload(
  vault: Vault,
  context: TaskContext,
  uploads: readonly Upload[],
  recipients: readonly string[],
): Promise<StoredPart[]> {
  const parts: StoredPart[] = []
  const bytesTotal = uploads.reduce((sum, one) => sum + one.sizeBytes, 0)
  let bytes = 0
  await inParallel(uploads, WRITES_AT_ONCE, context.signal, async (one, signal) => {
    const part = await storePart(vault, one.name, one.open(), recipients, signal, (more) => {
      bytes += more
      context.report({ phase: 'store', bytes, bytesTotal, ...(one.role === undefined ? {} : { role: one.role }) })
    })
    parts.push(part)
  })
  return parts.toSorted((left, right) => (left.name < right.name ? -1 : 1))
}

/**
 * The same task again returns what the finished one returned, or begins anew where it was not finished. Throws
 * `database-unreachable`, `database-rights`, `client-major-mismatch`, `backup-failed`, or the store's errors.
 */
export async function runBackup(task: BackupTask, deps: DataDeps, context: TaskContext): Promise<BackupResult> {
  checkRoles(task.databases)
  const store = await deps.openStore(task.store)
  const vault: Vault = { store, cipher: deps.cipher, set: task.set }
  const earlier = await finishedBefore(vault, context)
  if (earlier !== undefined) return earlier
  try {
    return await backUp(task, deps, context, vault, 'login')
  } catch (error) {
    // Row security, or objects of other owners: the least that is needed is tried first, and more only where it is given.
    if (!isPawlError(error, 'database-rights') || task.databases.every((database) => database.admin === undefined))
      throw error
    return await backUp(task, deps, context, vault, 'admin')
  }
}

async function backUp(
  task: BackupTask,
  deps: DataDeps,
  context: TaskContext,
  vault: Vault,
  as: As,
): Promise<BackupResult> {
  const createdAt = deps.clock.now().toISOString()
  const subjects = await subjectsOf(deps, context, task, as)
  const work = await deps.workDirs.make()
  try {
    const { dumped, snapshotSpreadMs } = await dumpInSnapshots(deps, context, work, subjects, task.jobs)
    const objects = await upload(vault, context, await uploadsOf(deps, work, task, dumped), task.recipients)
    const manifest: Manifest = {
      version: 1,
      set: task.set,
      createdAt,
      finishedAt: deps.clock.now().toISOString(),
      tool: {
        pawl: TOOL_VERSION,
        pgDump: Object.fromEntries(subjects.map((subject) => [subject.database.role, subject.tools.version])),
        compression: Object.fromEntries(dumped.map((one) => [one.evidence.role, one.compression])),
      },
      recipients: task.recipients,
      about: task.about,
      snapshotSpreadMs,
      databases: dumped.map((one) => one.evidence),
      objects,
    }
    const bytes = manifestBytes(manifest)
    await vault.store.put(`${task.set}/${MANIFEST}`, bytes, context.signal)
    return resultOf(manifest, sha256Of(bytes))
  } finally {
    await work.dispose()
  }
}

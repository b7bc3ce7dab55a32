// Backup: every database of the task in locked snapshots taken together, encrypted into the store, the manifest last.
import type { DatabaseTarget, ResultOf, SettledTask } from '../../core/data/tasks.ts'
import { isPawlError, PawlError } from '../../core/errors.ts'
import { buffer } from 'node:stream/consumers'
import type { Vault } from '../archive.ts'
import type { DataDeps, TaskContext } from '../deps.ts'
import { globalsSql } from '../globals/file.ts'
import { gatherImages } from '../images/gather.ts'
import { keepImages, refuseTooMany } from '../images/keep.ts'
import { MANIFEST, manifestBytes, parseManifest, placeOf, sha256Of, toBytes, type Manifest } from '../manifest.ts'
import type { WorkDir } from '../../ports/workdir.ts'
import type { ConnectionTarget } from '../../ports/database.ts'
import { connectionTarget, probe, UNHINDERED, withConnection } from '../session.ts'
import { dumpDirectory, type DumpOptions, type Dumped, type Subject } from './database.ts'
import { dumpAll } from './dump-all.ts'
import { listHidden } from './hidden.ts'
import { isLockQueue } from './lock-queue.ts'
import { shipping, type Outgoing } from './shipping.ts'
import { TOOL_VERSION } from '../version.ts'

type BackupTask = SettledTask<'backup'>
type BackupResult = ResultOf<'backup'>

const ATTEMPTS = 5
const RETRY_MS = 300
/** Directories of a set that are no database's. */
const RESERVED = new Set(['release', 'images'])

function resultOf(manifest: Manifest, manifestSha256: string): BackupResult {
  return {
    set: manifest.set,
    manifestSha256,
    databases: manifest.databases,
    storedBytes: manifest.objects.reduce((sum, object) => sum + object.sizeBytes, 0),
    snapshotSpreadMs: manifest.snapshotSpreadMs,
  }
}

/** What an earlier attempt under this name left: its result where it was finished. */
async function finishedBefore(vault: Vault, context: TaskContext): Promise<BackupResult | undefined> {
  const name = `${vault.set}/${MANIFEST}`
  const objects = await vault.store.list(`${vault.set}/`, context.signal)
  if (objects.some((object) => object.name === name)) {
    const bytes = await buffer(await vault.store.get(name, context.signal))
    return resultOf(parseManifest(bytes, vault.set), sha256Of(bytes))
  }
  return undefined
}

/**
 * Makes room for a new try under the same name. Where the store keeps on purpose what the one before has stored, the new one goes
 * into a directory of its own: gives its name then.
 */
async function clear(vault: Vault, context: TaskContext): Promise<string | undefined> {
  const objects = await vault.store.list(`${vault.set}/`, context.signal)
  try {
    for (const object of objects) await vault.store.remove(object.name, context.signal)
    return undefined
  } catch (error) {
    if (!isPawlError(error, 'store-locked')) throw error
    const tries = objects.map(({ name }) => Number(/^try-(\d+)\//.exec(name.slice(vault.set.length + 1))?.[1] ?? 1))
    return `try-${Math.max(...tries) + 1}`
  }
}

function checkRoles(databases: readonly DatabaseTarget[]): void {
  const roles = new Set(databases.map((database) => database.role))
  const plain = databases.every(
    (database) => /^[a-z0-9][a-z0-9-]*$/.test(database.role) && !RESERVED.has(database.role),
  )
  if (databases.length > 0 && plain && roles.size === databases.length) return
  throw new PawlError({ code: 'input-invalid', message: 'A backup needs databases with different, plain role names.' })
}

/** `login` is the product's own; `admin` the administrator's, for what the product itself may not read. */
type As = 'login' | 'admin'

async function subjectsOf(deps: DataDeps, context: TaskContext, task: BackupTask, as: As): Promise<Subject[]> {
  const subjects: Subject[] = []
  for (const database of task.databases) {
    const own = await connectionTarget(deps, database, database.login, database.database)
    const version = await probe(deps, own, context.signal)
    const { admin } = database
    const more = admin !== undefined && (as === 'admin' || (await hidesFrom(deps, context, own)))
    const place = more ? await connectionTarget(deps, database, admin, database.database) : own
    const target = { ...place, encoding: version.encoding }
    subjects.push({ database, target, version, tools: await deps.toolbox.forServer(version.major) })
  }
  return subjects
}

async function hidesFrom(deps: DataDeps, context: TaskContext, target: ConnectionTarget): Promise<boolean> {
  return await withConnection(
    deps,
    target,
    UNHINDERED,
    context.signal,
    async (connection) => (await listHidden(connection)).length > 0,
  )
}

/** A dump that was to be compressed later did not fit: one that pg_dump compresses may. */
function isNoRoom(error: unknown): boolean {
  return isPawlError(error, 'backup-failed') && error.facts['noRoom'] === true
}

/** All of them again, in new snapshots, where one stood in a queue behind an exclusive lock, or its files took too much room. */
async function dumpInSnapshots(
  deps: DataDeps,
  context: TaskContext,
  work: WorkDir,
  subjects: Subject[],
  options: Omit<DumpOptions, 'before' | 'compact'>,
) {
  const { vault } = options
  let compact = false
  for (let attempt = 1; ; attempt++) {
    const below = await clear(vault, context)
    const place = below === undefined ? {} : { below }
    const inside = { ...vault, set: placeOf({ set: vault.set, ...place }) }
    try {
      return {
        ...(await dumpAll(deps, context, work, subjects, { ...options, compact, vault: inside })),
        place,
        inside,
      }
    } catch (error) {
      const full: boolean = isNoRoom(error) && !compact
      if (!(full || isLockQueue(error)) || attempt >= ATTEMPTS) throw error
      const why = full ? 'found no room for uncompressed files' : 'stood behind an exclusive lock'
      context.report({ phase: 'lock', note: `attempt ${attempt} ${why}; trying again` })
      compact ||= full
      for (const { database } of subjects) await work.remove(dumpDirectory(database.role))
      await deps.clock.sleep(attempt * RETRY_MS, context.signal)
    }
  }
}

/** What goes beside the dumps: what they leave out, what they must be equal to, and the release. */
async function documentsOf(deps: DataDeps, task: BackupTask, dumped: readonly Dumped[]): Promise<Outgoing[]> {
  const found: Outgoing[] = []
  const add = (name: string, bytes: Uint8Array): void => {
    found.push({ name, sizeBytes: bytes.length, content: { bytes } })
  }
  for (const { evidence, digests, globals } of dumped) {
    add(`${evidence.role}/globals.json.age`, toBytes(globals))
    add(`${evidence.role}/globals.sql.age`, Buffer.from(globalsSql(globals, evidence.serverMajor)))
    add(`${evidence.role}/digests.json.age`, toBytes(digests))
  }
  const files = task.releaseFiles === undefined ? [] : await deps.secrets.files(task.releaseFiles)
  for (const { name, bytes } of files) add(`release/${name}.age`, bytes)
  return found
}

/** What can be known of them is found out before a database is dumped; their bytes come after the last dump. */
async function imagesOf({ images, recipients }: BackupTask, deps: DataDeps, vault: Vault, context: TaskContext) {
  if (images === undefined) return undefined
  context.report({ phase: 'images', note: 'asking the registries' })
  const registries = await deps.openImages(images.reach)
  const gathered = await gatherImages(registries, images.of, images.platforms, context.signal)
  await refuseTooMany(gathered, vault, context.signal)
  return {
    kept: gathered.kept,
    keep: async (inside: Vault) => await keepImages(registries, gathered, inside, recipients, context),
  }
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
  if (earlier !== undefined) {
    // Whoever finished it may have been killed before it could clear up.
    await deps.workDirs.sweep()
    return earlier
  }
  const images = await imagesOf(task, deps, vault, context)
  try {
    return await backUp(task, deps, context, { vault, images, as: 'login' })
  } catch (error) {
    // Row security, or objects of other owners: the least that is needed is tried first, and more only where it is given.
    if (!isPawlError(error, 'database-rights') || task.databases.every((database) => database.admin === undefined))
      throw error
    return await backUp(task, deps, context, { vault, images, as: 'admin' })
  }
}

async function backUp(
  task: BackupTask,
  deps: DataDeps,
  context: TaskContext,
  { vault, images, as }: { vault: Vault; images: Awaited<ReturnType<typeof imagesOf>>; as: As },
): Promise<BackupResult> {
  const createdAt = deps.clock.now().toISOString()
  const subjects = await subjectsOf(deps, context, task, as)
  const work = await deps.workDirs.make()
  try {
    const { jobs, recipients } = task
    const options = { jobs, recipients, vault, countOnly: task.sourceLoad === 'low' }
    const { dumped, snapshotSpreadMs, place, inside } = await dumpInSnapshots(deps, context, work, subjects, options)
    context.report({ phase: 'store' })
    const beside = shipping(inside, work, recipients)
    for (const document of await documentsOf(deps, task, dumped)) beside.add(document)
    beside.close()
    await beside.run(context.signal)
    const imageParts = (await images?.keep(inside)) ?? []
    const objects = [...dumped.flatMap((one) => one.parts), ...beside.parts, ...imageParts]
    const manifest: Manifest = {
      version: 1,
      set: task.set,
      ...place,
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
      ...(images === undefined ? {} : { images: images.kept }),
      objects: objects.toSorted((left, right) => (left.name < right.name ? -1 : 1)),
    }
    const bytes = manifestBytes(manifest)
    // Whoever was told to end may have a successor soon: a manifest would pass what that one has begun to store for a whole set.
    context.signal.throwIfAborted()
    await vault.store.put(`${task.set}/${MANIFEST}`, bytes, context.signal)
    return resultOf(manifest, sha256Of(bytes))
  } finally {
    await work.dispose()
  }
}

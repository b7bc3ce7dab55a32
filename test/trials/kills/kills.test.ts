// SIGKILL, of every process there is, at every kind of place in backup, proof, restore and swap. The same task again ends right,
// nothing that was good is lost, and nothing is left over. `npm test` takes some of the points, `npm run test:kills` all.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DataTask, ResultOf } from '../../../src/core/data/tasks.ts'
import type { ErrorReport } from '../../../src/core/errors.ts'
import { runDataTask } from '../../../src/data/run.ts'
import { checksOf, type Checks } from './checks.ts'
import { LIVE, prepareGround, type Attempt, type Ground } from './ground.ts'
import { PLANTS } from './plants.ts'
import { nameOf, POINTS, summaryOf, type Point } from './points.ts'
import { everythingOf, findDescendant, findSession } from './victims.ts'

const points = process.env['PAWL_TRIALS'] === 'all' ? POINTS : POINTS.filter(({ short }) => short)
const GOOD = 'ns/rel/good'
const KILLED = 137
const LOOKS = 5
/** What a program may say whose helper was killed. Not that a good set is damaged: it is not. */
const HELPER_GONE = ['backup-failed', 'database-unreachable']

let ground: Ground
let good: ResultOf<'backup'>
let checks: Checks
const survived: Point[] = []

beforeAll(async () => {
  ground = await prepareGround()
  const task = backupTask(GOOD)
  good = (await succeed(task)) as ResultOf<'backup'>
  await succeed(proveTask(GOOD))
  checks = await checksOf(ground, GOOD)
})

afterAll(async () => {
  console.log(summaryOf(points, survived))
  await ground.dispose()
})

function backupTask(set: string, store: 's3' | 'directory' = 's3'): DataTask {
  return ground.world.backupTask(set, { databases: ground.databases, store: ground.store[store] })
}

function proveTask(set: string): DataTask {
  return { ...ground.world.proveTask(set), store: ground.store.s3 }
}

function restoreTask(suffix: string): DataTask {
  return { ...ground.world.restoreTask(GOOD, suffix, ground.databases), store: ground.store.s3 }
}

function stageTask(suffix: string): DataTask {
  const { identity } = ground.world.proveTask(GOOD)
  return { kind: 'prove-beside', databases: ground.databases, suffix, identity, set: GOOD, store: ground.store.s3 }
}

function dropTask(suffix: string): DataTask {
  return { kind: 'drop-copies', databases: ground.databases, suffix, set: GOOD }
}

function swapTask(newSuffix: string, oldSuffix: string): DataTask {
  const expected = Object.fromEntries(good.databases.map(({ role, digest }) => [role, digest]))
  return { kind: 'swap', databases: ground.databases, newSuffix, oldSuffix, expect: expected }
}

async function succeed(task: DataTask): Promise<unknown> {
  const { exitCode, stdout, lines } = await (await ground.start(task)).ended
  expect(exitCode, stdout).toBe(0)
  return lines.at(-1)?.['result']
}

async function dropAll(names: readonly string[]): Promise<void> {
  for (const name of names) await ground.server.query('postgres', `drop database if exists "${name}" with (force)`)
}

async function victimsOf(point: Point, program: number, clientPort?: number): Promise<(number | undefined)[]> {
  if (point.kill === 'the program') return [program]
  if (point.kill === 'everything') return await everythingOf(program)
  if (point.kill === 'the session at work') return [await findSession(ground.server, clientPort)]
  if (point.kill === 'the holder of the snapshot') return [await findSession(ground.server, undefined)]
  return [await findDescendant(program, point.kill)]
}

async function kill(point: Point, program: number, clientPort?: number): Promise<void> {
  for (const pid of await victimsOf(point, program, clientPort)) {
    if (pid === undefined) throw new Error(`${nameOf(point)}: there is nobody to kill`)
    try {
      process.kill(pid, 'SIGKILL')
    } catch (error) {
      // Of many, one may have ended by itself just now.
      if (point.kill !== 'everything') throw error
    }
  }
}

function killsProgram({ kill: victim }: Point): boolean {
  return victim === 'the program' || victim === 'everything'
}

async function objectsStored(set: string, count: number, attempt: Attempt): Promise<void> {
  let over = false
  void attempt.ended.then(() => (over = true))
  while (!over && Object.keys(await ground.stored(set)).length < count);
}

/** Runs the task, kills at the point; gives how the program ended. */
async function runAndKill(point: Point, task: DataTask): Promise<Awaited<Attempt['ended']>> {
  const { at } = point
  const program = Promise.withResolvers<Attempt>()
  const killed = Promise.withResolvers<void>()
  killed.promise.catch(() => undefined)
  if ('way' in at)
    ground.trap.set(at, async ({ clientPort }) => {
      const attempt = await program.promise
      await kill(point, attempt.pid, clientPort).then(killed.resolve, killed.reject)
      // Not before it is dead does the world go on.
      if (killsProgram(point)) await attempt.ended
    })
  const attempt = await ground.start(task)
  program.resolve(attempt)
  if ('seen' in at) {
    const seen = await findDescendant(attempt.pid, at.seen)
    if (seen !== undefined) await kill(point, attempt.pid).then(killed.resolve, killed.reject)
  }
  if ('objects' in at && 'set' in task) {
    await objectsStored(task.set, at.objects, attempt)
    await kill(point, attempt.pid).then(killed.resolve, killed.reject)
  }
  const end = await attempt.ended
  ground.trap.clear()
  // The point must have been reached.
  await Promise.race([killed.promise, Promise.reject(new NeverThere(`${nameOf(point)}: ${end.stdout}`))])
  return end
}

class NeverThere extends Error {}

/** Whoever is there for a moment only may be gone before anybody looks: then once more. Gives how many proofs were made in vain as well. */
async function proveAndKill(point: Point): Promise<Awaited<Attempt['ended']> & { inVain: number }> {
  for (let inVain = 0; ; inVain += 1) {
    try {
      return { ...(await runAndKill(point, proveTask(GOOD))), inVain }
    } catch (error) {
      if (!(error instanceof NeverThere) || !('seen' in point.at) || inVain + 1 === LOOKS) throw error
    }
  }
}

function checkEnd(point: Point, end: Awaited<Attempt['ended']>): void {
  if (killsProgram(point)) return expect(end.exitCode, end.stdout).toBe(KILLED)
  // Whoever lost a helper says so, or did without it.
  if (end.exitCode === 0) return
  const report = end.lines.at(-1)?.['report'] as ErrorReport | undefined
  expect(HELPER_GONE, end.stdout).toContain(report?.code)
}

async function tryBackup(point: Point, number: number): Promise<void> {
  const [id, kind] = [`killed-${number}`, 'objects' in point.at ? ('directory' as const) : ('s3' as const)]
  const set = `ns/rel/${id}`
  const [store, now] = [ground.direct[kind], () => new Date(Date.now() + 1000).toISOString()]
  const task = backupTask(set, kind)
  const end = await runAndKill(point, task)
  checkEnd(point, end)
  await checks.nothingLost()
  // Either it is not there, or it is a leftover; a set it is only where the manifest was written.
  const survey = async () =>
    await runDataTask({ kind: 'survey', store, under: 'ns/rel', strandedBefore: now() }, ground.deps)
  const found = (await survey()).sets.find(({ name }) => name === id)
  const written = 'way' in point.at && point.at.moment === 'after' && point.at.matching.source.includes('manifest')
  expect(found?.hasManifest ?? false).toBe(written || end.exitCode === 0)
  if (number % 2 === 0 && !(found?.hasManifest ?? false)) {
    await runDataTask({ kind: 'prune', store, under: 'ns/rel', sets: [], leftovers: [set], before: now() }, ground.deps)
    expect(await ground.stored(set)).toEqual({})
  }
  const again = (await succeed(task)) as ResultOf<'backup'>
  expect(again.databases.map(({ digest, rows: count }) => [digest, count])).toEqual(
    good.databases.map(({ digest, rows: count }) => [digest, count]),
  )
  const inspected = await runDataTask({ kind: 'inspect', store, set, read: 'everything' }, ground.deps)
  expect([...inspected.problems, ...inspected.strangers]).toEqual([])
  await runDataTask({ kind: 'prune', store, under: 'ns/rel', sets: [], leftovers: [], before: now() }, ground.deps)
  expect((await survey()).strandedParts).toBe(0)
  const deps = await ground.deps.openStore(store)
  for (const { name } of await deps.list(`${set}/`)) await deps.remove(name)
}

async function tryProof(point: Point): Promise<void> {
  const proofs = async () => Object.keys(await ground.stored(GOOD)).filter((name) => name.startsWith('proof-')).length
  const before = await proofs()
  const end = await proveAndKill(point)
  checkEnd(point, end)
  await checks.nothingLost()
  const written = 'way' in point.at && point.at.moment === 'after' && point.at.matching.source.includes('proof')
  expect((await proofs()) - before).toBe((written || end.exitCode === 0 ? 1 : 0) + end.inVain)
  const again = (await succeed(proveTask(GOOD))) as ResultOf<'prove'>
  expect(again).toMatchObject({ rung: 'proven', manifestSha256: good.manifestSha256 })
}

async function tryStaging(point: Point, number: number): Promise<void> {
  const [suffix, task] = [`__s${number}`, stageTask(`__s${number}`)]
  checkEnd(point, await runAndKill(point, task))
  await checks.nothingLost()
  await checks.liveUntouched()
  const again = (await succeed(task)) as ResultOf<'prove-beside'>
  expect(again).toMatchObject({ rung: 'proven', manifestSha256: good.manifestSha256 })
  expect(again.copies.map(({ database }) => database)).toEqual(LIVE.map((name) => name + suffix))
  await succeed(dropTask(suffix))
}

async function tryDropping(point: Point, number: number): Promise<void> {
  const suffix = `__d${number}`
  await succeed(stageTask(suffix))
  checkEnd(point, await runAndKill(point, dropTask(suffix)))
  await checks.nothingLost()
  await succeed(dropTask(suffix))
}

async function tryRestore(point: Point, number: number): Promise<void> {
  const [suffix, task] = [`__k${number}`, restoreTask(`__k${number}`)]
  checkEnd(point, await runAndKill(point, task))
  await checks.nothingLost()
  await checks.liveUntouched()
  const again = (await succeed(task)) as ResultOf<'restore'>
  expect(again.databases.map(({ digest, rung }) => [digest, rung])).toEqual(
    good.databases.map(({ digest }) => [digest, 'proven']),
  )
  expect(await ground.databaseNames()).toEqual(LIVE.flatMap((name) => [name, name + suffix]))
  await dropAll(LIVE.map((name) => name + suffix))
}

async function trySwap(point: Point, number: number): Promise<void> {
  const [fresh, kept] = [`__n${number}`, `__o${number}`]
  // Both recoveries: from the store, and from the copy that a proof has left.
  const fromStore = number % 2 === 0
  await succeed(fromStore ? restoreTask(fresh) : stageTask(fresh))
  checkEnd(point, await runAndKill(point, swapTask(fresh, kept)))
  await checks.nothingLost()
  // Both names changed, or none: never one, and nothing is gone.
  const committed = 'way' in point.at && point.at.moment === 'after' && point.at.matching.source === '^commit'
  expect(await ground.databaseNames()).toEqual(LIVE.flatMap((name) => [name, name + (committed ? kept : fresh)]))
  // A server that crashed has lost count of what was written: from the store a recovery restores anew then.
  if (fromStore && point.kill === 'the session at work' && !committed) {
    const refused = await (await ground.start(swapTask(fresh, kept))).ended
    expect(refused.lines.at(-1)?.['report'], refused.stdout).toMatchObject({ code: 'proof-mismatch' })
    await succeed(restoreTask(fresh))
  }
  await succeed(swapTask(fresh, kept))
  expect(await ground.databaseNames()).toEqual(LIVE.flatMap((name) => [name, name + kept]))
  const open = await ground.server.query(
    'postgres',
    `select datname from pg_database where datallowconn and datname not like 'template%' and datname <> 'postgres' order by 1`,
  )
  expect(open.map(({ datname }) => datname)).toEqual(LIVE)
  await dropAll(LIVE.map((name) => name + kept))
}

test.each(points.map((point) => [nameOf(point), point] as const))('%s', async (_, point) => {
  const number = POINTS.indexOf(point)
  if (point.work === 'backup') await tryBackup(point, number)
  if (point.work === 'prove') await tryProof(point)
  if (point.work === 'stage') await tryStaging(point, number)
  if (point.work === 'restore') await tryRestore(point, number)
  if (point.work === 'swap') await trySwap(point, number)
  if (point.work === 'drop') await tryDropping(point, number)
  await checks.nothingLeft()
  survived.push(point)
})

test.each(Object.entries(PLANTS))('the trial finds what was left or lost: %s', async (_, plant) => {
  const takeAway = await plant(ground, GOOD)
  await expect(checks.nothingLeft(300)).rejects.toThrow()
  await takeAway()
  await checks.nothingLeft()
})

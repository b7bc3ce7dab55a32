// pawl backup: take a backup set beside running writers, prove one again.
import type { Effort } from '../../../core/data/effort.ts'
import type { DataProgress } from '../../../core/data/tasks.ts'
import type { ImagesWish } from '../../../core/images/wish.ts'
import { PawlError } from '../../../core/errors.ts'
import { API_VERSION, parseBackupSet, RELEASE_LABEL, type BackupSet } from '../../../core/resources.ts'
import type { RunState } from '../../../core/run/run.ts'
import { beginRun, driveRun, refuseUnfinishedRun, withOwnership } from '../../../engine/drive.ts'
import type { EngineDeps, Ownership } from '../../../engine/drive.ts'
import type { PreflightDeps } from '../../../steps/preflight/deps.ts'
import { withTaskId } from '../../../steps/housekeeping/prune.ts'
import { planBackup } from '../../../steps/preflight/index.ts'
import { proveSet } from '../../../steps/prove/index.ts'
import { readSet } from '../../../steps/backup/index.ts'
import { flag, textOption, type Options } from '../define.ts'
import { effortOption } from '../effort-options.ts'
import { finish, openEngine } from '../engine.ts'
import { imagesOption, settledImages } from '../images-option.ts'
import { preflightDeps } from '../planning.ts'
import { rungOption } from '../rung-option.ts'
import { sourceLoadOption } from '../source-load-option.ts'
import { renderProof } from '../render/backup.ts'
import { installationOf, targetOf, type Target, type Session } from '../session.ts'

export async function backupCreate(session: Session, args: string[], options: Options): Promise<number> {
  const effort = effortOption(options)
  const sourceLoad = sourceLoadOption(options)
  const asked = imagesOption(options)
  const target = await targetOf(session, args[0])
  const installation = await installationOf(target)
  const deps = await preflightDeps(session, target, installation, textOption(options, 'charts') ?? installation.charts)
  const images = await settledImages(target.cluster, asked)
  const engine = await openEngine(session, target, installation)
  try {
    const state = await withOwnership(engine.deps, async (ownership) => {
      await refuseUnfinishedRun(engine.deps)
      const { name } = session.doors.who
      const wanted = { prove: options['prove'] !== false, by: name, effort, ...sourceLoad, ...images }
      return await takeBackup(engine.deps, ownership, deps, wanted)
    })
    engine.close()
    return finish(session, target, state)
  } finally {
    engine.close()
  }
}

interface Wanted {
  prove: boolean
  by: string
  effort: Effort
  sourceLoad?: 'low'
  images?: ImagesWish
}

/** One backup run from its plan to its end. No run of the release may be unfinished. */
export async function takeBackup(
  engine: EngineDeps,
  ownership: Ownership,
  deps: PreflightDeps,
  { by, effort, ...how }: Wanted,
): Promise<RunState> {
  const { installation } = engine
  const { release, namespace } = installation
  const { plan, files } = await planBackup(deps, { release, namespace, installation, ...how })
  const name = await beginRun(engine, ownership, { kind: 'backup', plan, by, effort }, files)
  return (await driveRun(engine, ownership, name, 'go-on')).state
}

export async function backupProve(session: Session, args: string[], options: Options): Promise<number> {
  const how = { ...effortOption(options), ...rungOption(options) }
  const target = await targetOf(session, args[0])
  const installation = await installationOf(target)
  const name = args[1] ?? (await listSets(target)).findLast((set) => set.status !== undefined)?.name
  const set = name === undefined ? undefined : await readSet(target.cluster, target.namespace, name)
  if (set === undefined) {
    const { release, namespace } = target
    throw new PawlError({
      code: 'backup-not-found',
      message: name === undefined ? `release ${release} has no backup set` : `there is no backup set ${name}`,
      facts: { release, namespace },
    })
  }
  const { doors, terminal, stop } = session
  const dataPlane = await doors.dataPlane(target.cluster, installation)
  const quiet = flag(options, 'quiet') || session.global.output === 'json'
  const context = {
    cluster: target.cluster,
    dataPlane,
    clock: doors.clock,
    installation,
    signal: stop,
    report: ({ phase, role, note }: DataProgress) => {
      if (!quiet) terminal.writeError(`${[phase, role, note].filter((part) => part !== undefined).join(' ')}\n`)
    },
  }
  await withTaskId({ dataPlane, clock: doors.clock, ids: doors.ids }, 'prove', async (id) => {
    const result = await proveSet(context, set, id, how)
    if (session.global.output === 'json') terminal.write(`${JSON.stringify(result)}\n`)
    else terminal.write(renderProof(result, terminal.colour))
  })
  return 0
}

export async function listSets(target: Target): Promise<BackupSet[]> {
  const objects = await target.cluster.list({
    apiVersion: API_VERSION,
    kind: 'BackupSet',
    namespace: target.namespace,
    labelSelector: `${RELEASE_LABEL}=${target.release}`,
  })
  return objects.map(parseBackupSet).toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

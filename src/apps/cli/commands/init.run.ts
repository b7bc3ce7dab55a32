// pawl init: what Pawl needs in the cluster, once. Idempotent: it creates what is missing and changes only what it is told to.
import { PawlError } from '../../../core/errors.ts'
import { valueAt } from '../../../core/json.ts'
import { DEFAULT_IDENTITY, installationObject, type Installation } from '../../../core/resources.ts'
import { storeText, type StoreSpec } from '../../../core/store/spec.ts'
import type { KubeObject } from '../../../ports/cluster.ts'
import { flag, listOption, textOption, type Options } from '../define.ts'
import { findInstallation, profileNamed, targetOf, type Session, type Target } from '../session.ts'
import { applyDefinitions } from '../definitions.ts'
import { ensureGuard, guardInstall } from './guard.run.ts'
import { readGuard } from '../../../steps/guard/guard.ts'
import { renderMissing } from '../render/guard.ts'
import { DEFAULT_IMAGE, DEFAULT_SIZE } from '../defaults.ts'
import { recoveryOption } from '../recovery-option.ts'
import { parseStoreOption } from '../store-option.ts'

export async function init(session: Session, args: string[], options: Options): Promise<number> {
  const target = await targetOf(session, args[0])
  if (flag(options, 'print')) return await guardInstall(session, args, options)
  const existing = await findInstallation(target)
  const profile = await profileName(session, target, options, existing)
  const store = parseStoreOption(options) ?? existing?.store ?? { type: 'volume', claim: 'pawl-store' }
  const done: string[] = []
  const dryRun = flag(options, 'dryRun')
  const note = (what: string): unknown => done.push(what)
  await applyDefinitions(target.cluster, dryRun, note)
  if (store.type === 'volume')
    await ensureClaim(target, store.claim, textOption(options, 'storeSize') ?? DEFAULT_SIZE, dryRun, note)
  const recipient = await ensureIdentity(session, target, dryRun, note)
  const installation = merged(target, profile, store, options, existing, recipient)
  await writeInstallation(target, installation, existing, dryRun, note)
  const tell = (made: string[], missing: string[]): void =>
    report(session, installation, { created: [...done, ...made], missing, dryRun })
  if (flag(options, 'guard')) await putGuard(session, target, dryRun, tell)
  else tell([], [])
  return 0
}

/** One that is there keeps how it was installed: who chose that it only watches is not overruled by doing the rest again. */
async function putGuard(
  session: Session,
  target: Target,
  dryRun: boolean,
  tell: (made: string[], missing: string[]) => void,
): Promise<void> {
  const known = await readGuard(target)
  await ensureGuard(session, target, { enforcement: known?.enforcement ?? 'Enforce', dryRun, accept: false }, tell)
}

async function profileName(
  session: Session,
  target: Target,
  options: Options,
  existing: Installation | undefined,
): Promise<string> {
  const named = textOption(options, 'profile')
  if (named !== undefined) return profileNamed(session, named).name
  if (existing !== undefined) return existing.profile
  const records = await session.doors.records(target.cluster)
  const [record] = await records.history(target.release, target.namespace, { limit: 1 })
  const facts = { release: target.release, namespace: target.namespace }
  if (record === undefined) {
    throw new PawlError({
      code: 'release-not-found',
      message: `there is no Helm release ${target.release} in namespace ${target.namespace}`,
      unchanged: 'Nothing was changed.',
      facts,
    })
  }
  const profile = session.doors.profiles.find((candidate) => candidate.chart === record.chart.name)
  if (profile !== undefined) return profile.name
  throw new PawlError({
    code: 'product-unknown',
    message: `no profile is for chart "${record.chart.name}"`,
    unchanged: 'Nothing was changed.',
    facts,
  })
}

async function ensureClaim(
  target: Target,
  claim: string,
  size: string,
  dryRun: boolean,
  note: (what: string) => unknown,
): Promise<void> {
  const { cluster, namespace } = target
  const ref = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name: claim }
  if ((await cluster.get(ref)) !== undefined) return
  note(`PersistentVolumeClaim ${claim} (${size})`)
  if (dryRun) return
  await cluster.create({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    // Not a resource of the release: it must outlive it.
    metadata: { name: claim, namespace, labels: { 'app.kubernetes.io/managed-by': 'pawl' } },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: size } } },
  })
}

/** The identity never leaves the cluster and this process; what is returned is the public recipient. */
async function ensureIdentity(
  session: Session,
  target: Target,
  dryRun: boolean,
  note: (what: string) => unknown,
): Promise<string> {
  const { cluster, namespace } = target
  const ref = { apiVersion: 'v1', kind: 'Secret', namespace, name: DEFAULT_IDENTITY.secret }
  const known = await cluster.get(ref)
  const recipient = valueAt(known, 'data.recipient')
  if (typeof recipient === 'string') return Buffer.from(recipient, 'base64').toString('utf8')
  note(`encryption identity (Secret ${DEFAULT_IDENTITY.secret})`)
  if (dryRun) return 'age1...'
  const made = await session.doors.generateIdentity()
  await cluster.create({
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'Opaque',
    metadata: { name: DEFAULT_IDENTITY.secret, namespace, labels: { 'app.kubernetes.io/managed-by': 'pawl' } },
    stringData: { [DEFAULT_IDENTITY.key]: made.identity, recipient: made.recipient },
  })
  return made.recipient
}

function merged(
  target: Target,
  profile: string,
  store: StoreSpec,
  options: Options,
  existing: Installation | undefined,
  recipient: string,
): Installation {
  const charts = textOption(options, 'charts') ?? existing?.charts
  const given = listOption(options, 'recipient')
  const recovery = recoveryOption(options) ?? existing?.recovery
  return {
    name: target.release,
    namespace: target.namespace,
    release: target.release,
    profile,
    store,
    dataImage: textOption(options, 'dataImage') ?? existing?.dataImage ?? DEFAULT_IMAGE,
    recipients: [...new Set([recipient, ...(existing?.recipients ?? []), ...given])],
    identity: existing?.identity ?? DEFAULT_IDENTITY,
    ...(charts === undefined ? {} : { charts }),
    ...(recovery === undefined ? {} : { recovery }),
    ...(existing?.resourceVersion === undefined ? {} : { resourceVersion: existing.resourceVersion }),
  }
}

async function writeInstallation(
  target: Target,
  installation: Installation,
  existing: Installation | undefined,
  dryRun: boolean,
  note: (what: string) => unknown,
): Promise<void> {
  const object = installationObject(installation) as KubeObject
  if (existing === undefined) {
    note(`Installation ${installation.name}`)
    if (!dryRun) await target.cluster.create(object)
    return
  }
  if (JSON.stringify(installationObject(existing)) === JSON.stringify(object)) return
  note(`Installation ${installation.name} (changed)`)
  if (!dryRun) await target.cluster.replace(object)
}

function report(
  session: Session,
  installation: Installation,
  { created: done, missing, dryRun }: { created: string[]; missing: string[]; dryRun: boolean },
): void {
  if (session.global.output === 'json') {
    const also = missing.length === 0 ? {} : { missing }
    session.terminal.write(`${JSON.stringify({ installation, created: done, ...also, dryRun })}\n`)
    return
  }
  const verb = dryRun ? 'would create' : 'created'
  for (const what of done) session.terminal.write(`${verb} ${what}\n`)
  session.terminal.write(renderMissing(missing))
  if (done.length + missing.length === 0) session.terminal.write('nothing to do: everything is there\n')
  session.terminal.write(
    `release ${installation.release}: profile ${installation.profile}, store ${storeText(installation.store)}, next: pawl plan ${installation.release} -n ${installation.namespace} --to VERSION\n`,
  )
}

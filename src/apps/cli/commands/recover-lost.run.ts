// pawl recover --from: only a store and a key are left. The release stands up again in an empty namespace, and then an ordinary
// recovery brings its data back.
import { parseSetFacts, SET_FACTS, type SetFacts } from '../../../core/backup/set-facts.ts'
import { PawlError } from '../../../core/errors.ts'
import { recordOf, textOf } from '../../../core/json.ts'
import { DEFAULT_IDENTITY, installationObject, type Installation } from '../../../core/resources.ts'
import type { StoreSpec } from '../../../core/store/spec.ts'
import type { KubeObject } from '../../../ports/cluster.ts'
import type { FoundSet } from '../../../steps/lost/register.ts'
import { recordIsThere, standUp } from '../../../steps/lost/stand-up.ts'
import { flag, textOption, type Options } from '../define.ts'
import { effortOption } from '../effort-options.ts'
import { DEFAULT_IMAGE } from '../defaults.ts'
import { confirm } from '../engine.ts'
import { renderLost } from '../render/lost.ts'
import { secondsOption } from '../seconds.ts'
import { targetOf, type Session, type Target } from '../session.ts'
import { parseStoreOption } from '../store-option.ts'
import { chooseStored } from '../stored-sets.ts'
import { progressLines } from './backup-keep.run.ts'
import { applyDefinitions } from '../definitions.ts'
import { keyIn, type Key } from './keys.run.ts'
import { recover } from './recover.run.ts'

const UNCHANGED = 'Nothing was changed.'

export async function recoverLost(session: Session, args: string[], options: Options): Promise<number> {
  const store = parseStoreOption(options, 'from')
  // Checked before anything is made; read again by the recovery itself.
  effortOption(options)
  if (store === undefined) throw new PawlError({ code: 'usage', message: 'say which store with --from STORE' })
  const target = await targetOf(session, args[0])
  const place = { ...target, signal: session.stop }
  const key = await keyIn(session, options)
  if (await recordIsThere(place)) throw notLost(target)
  const dataImage = textOption(options, 'dataImage') ?? DEFAULT_IMAGE
  const reached = { namespace: target.namespace, dataImage, signal: session.stop }
  const sets = await session.doors.storedSets(target.cluster, { from: store }, reached)
  const under = `${target.namespace}/${target.release}`
  const { name, stored, refuted } = await chooseStored(sets, under, textOption(options, 'set'))
  const files = await sets.releaseFiles(stored.set, key.identity)
  const found: FoundSet = { name, store, stored, files }
  const facts = parseSetFacts(files[SET_FACTS])
  const json = session.global.output === 'json'
  if (json)
    session.terminal.write(
      `${JSON.stringify({ type: 'lost', set: name, stored, refuted, installation: facts.installation })}\n`,
    )
  else session.terminal.write(renderLost(target, sets.where, { ...found, refuted }, facts, session.terminal.colour))
  if (flag(options, 'dryRun')) return 0
  const question = `Bring ${target.release} back into namespace ${target.namespace}?`
  if (!(await confirm(session, question, target.release))) return 1
  await prepare(session, target, { store, facts, key, options })
  await standUp(
    {
      ...place,
      clock: session.doors.clock,
      parseYaml: (text) => session.doors.parseYaml(text),
      report: progressLines(session, json),
      timeoutMs: secondsOption(options, 'rolloutTimeout') * 1000,
    },
    found,
  )
  // The person has agreed already; from here on it is a recovery like any other, with a journal of its own.
  const agreed = { ...session, global: { ...session.global, yes: true } }
  return await recover(agreed, args, { ...options, set: name })
}

function notLost({ release, namespace }: Target): PawlError {
  return new PawlError({
    code: 'input-invalid',
    message: `Helm knows release ${release} in namespace ${namespace}: it is not lost`,
    hint: 'Without --from, "pawl recover {release} -n {namespace}" brings its data back from a set that is known here.',
    unchanged: UNCHANGED,
    facts: { release, namespace },
  })
}

interface Preparation {
  store: StoreSpec
  facts: SetFacts
  key: Key
  options: Options
}

/** What `pawl init` would have made, with the key and the settings that belong to the set. Idempotent. */
async function prepare(session: Session, target: Target, { store, facts, key, options }: Preparation): Promise<void> {
  const { cluster, namespace, release } = target
  await createIfAbsent(target, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
  await applyDefinitions(cluster, false, () => undefined)
  await putKeyBack(target, key)
  const { installation } = facts
  const charts = textOption(options, 'charts') ?? installation.charts
  const object: Installation = {
    name: release,
    namespace,
    release,
    profile: installation.profile,
    store,
    dataImage: textOption(options, 'dataImage') ?? installation.dataImage,
    recipients: [...new Set([key.recipient, ...installation.recipients])],
    identity: DEFAULT_IDENTITY,
    ...(charts === undefined ? {} : { charts }),
  }
  await createIfAbsent(target, installationObject(object) as KubeObject)
}

async function putKeyBack(target: Target, { identity, recipient }: Key): Promise<void> {
  const { namespace } = target
  const made = await createIfAbsent(target, {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'Opaque',
    metadata: { name: DEFAULT_IDENTITY.secret, namespace, labels: { 'app.kubernetes.io/managed-by': 'pawl' } },
    stringData: { [DEFAULT_IDENTITY.key]: identity.reveal(), recipient },
  })
  if (textOf(recordOf(made['data'])['recipient']) === Buffer.from(recipient).toString('base64')) return
  throw new PawlError({
    code: 'key-wrong',
    message: `Secret ${DEFAULT_IDENTITY.secret} in namespace ${namespace} holds another identity than the one given`,
    unchanged: 'It was left as it is; no data was restored.',
  })
}

async function createIfAbsent({ cluster }: Target, object: KubeObject): Promise<KubeObject> {
  const { apiVersion, kind, metadata } = object
  const ref = {
    apiVersion,
    kind,
    name: metadata.name,
    ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
  }
  return (await cluster.get(ref)) ?? (await cluster.create(object))
}

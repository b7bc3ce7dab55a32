// Makes a set that lies in a store known to a cluster: its Secret with the release's files, and its BackupSet resource.
import { refutationIn, rungOfProofs } from '../../core/backup/rung.ts'
import { takenAtOf } from '../../core/backup/taken-at.ts'
import { parseSetFacts, SET_FACTS } from '../../core/backup/set-facts.ts'
import type { DataResults } from '../../core/data/tasks.ts'
import { PawlError } from '../../core/errors.ts'
import { API_VERSION, backupSetObject, RELEASE_LABEL, type BackupSet } from '../../core/resources.ts'
import type { StoreSpec } from '../../core/store/spec.ts'
import type { Cluster } from '../../ports/cluster.ts'
import { readSet } from '../backup/index.ts'
import { releaseFilesSecret } from '../names.ts'
import { writeFiles, type Files } from '../release/files.ts'

/** A set as it was found: what it says of itself, and its decrypted files of the release. */
export interface FoundSet {
  /** Last part of its directory. */
  name: string
  store: StoreSpec
  stored: DataResults['inspect']
  files: Files
}

export interface Place {
  cluster: Cluster
  namespace: string
  release: string
  signal: AbortSignal
}

/** Idempotent. Throws `cluster-conflict` where another set of that name is known. */
export async function registerSet({ cluster, namespace, release, signal }: Place, found: FoundSet): Promise<BackupSet> {
  const { name, store, stored, files } = found
  const facts = parseSetFacts(files[SET_FACTS])
  const known = await readSet(cluster, namespace, name, signal)
  if (known?.status !== undefined) {
    if (known.status.manifestSha256 === stored.manifestSha256) return known
    throw new PawlError({
      code: 'cluster-conflict',
      message: `BackupSet ${name} is known here with another manifest than the store holds`,
      unchanged: 'Nothing was changed.',
      facts: { set: name },
    })
  }
  const secret = releaseFilesSecret(name)
  await writeFiles(cluster, { namespace, name: secret, labels: { [RELEASE_LABEL]: release } }, files, signal)
  if (known === undefined)
    await cluster.create(backupSetObject({ name, namespace, release, set: stored.set, store }), {}, signal)
  const begun = await readSet(cluster, namespace, name, signal)
  if (begun === undefined)
    throw new PawlError({ code: 'cluster-conflict', message: `${API_VERSION} BackupSet ${name} is gone again` })
  const refuted = refutationIn(stored.proofs)
  const good = stored.proofs.filter((proof) => proof.refuted === undefined)
  const proofs = good.map(({ at, rung, name: by, notCovered, rehearsal }) => ({
    at,
    rung,
    by,
    ...(rehearsal === undefined ? {} : { rehearsal }),
    notCovered: Object.entries(notCovered).flatMap(([role, what]) => what.map((one) => `${role}: ${one}`)),
  }))
  const taken = stored.databases.map(({ snapshotAt }) => snapshotAt)
  const set: BackupSet = {
    ...begun,
    status: {
      manifestSha256: stored.manifestSha256,
      rung: rungOfProofs(stored.proofs),
      databases: stored.databases,
      product: facts.product,
      takenAt: takenAtOf(taken, stored),
      releaseFiles: secret,
      proofs,
      ...(refuted === undefined ? {} : { refuted }),
      writers: facts.writers,
      targets: facts.targets,
    },
  }
  await cluster.replace(backupSetObject(set), { subresource: 'status' }, signal)
  return set
}

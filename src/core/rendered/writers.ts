// Which workloads hold the credentials of a database, hence may write to it.
import type { ExpectedDatabase } from '../profile/databases.ts'
import { recordOf, type JsonRecord } from '../json.ts'
import { kindOf, objectName, objectTitle, referencesOf } from './objects.ts'

/** True where a workload takes in a database's password, or tells its pods where the database is and hands them some Secret. */
export function holdsCredentials(object: JsonRecord, databases: readonly ExpectedDatabase[]): boolean {
  const { secrets, configMaps } = referencesOf(object)
  return databases.some(({ target, evidence, otherCredentials = [] }) => {
    const logins = [target.login.password?.secret, target.admin?.password?.secret, ...otherCredentials]
    if (logins.some((secret) => secret !== undefined && secrets.has(secret))) return true
    return secrets.size > 0 && evidence !== undefined && configMaps.has(evidence.configMap)
  })
}

/** Names of the Deployments that may write; sorted. */
export function writingDeployments(objects: readonly JsonRecord[], databases: readonly ExpectedDatabase[]): string[] {
  const deployments = objects.filter((object) => kindOf(object) === 'Deployment')
  return deployments
    .filter((object) => holdsCredentials(object, databases))
    .map(objectName)
    .toSorted()
}

const OTHER_KINDS = new Set(['CronJob', 'DaemonSet', 'ReplicationController', 'StatefulSet'])

/**
 * Workloads of other kinds that hold credentials and that no quiesce stops; sorted. The database server of the chart itself
 * holds its own password and is no writer: it is the StatefulSet that a database's host is named after.
 */
export function otherWriters(objects: readonly JsonRecord[], databases: readonly ExpectedDatabase[]): string[] {
  const servers = new Set(databases.map(({ target }) => target.host.split('.')[0]))
  return objects
    .filter((object) => OTHER_KINDS.has(kindOf(object)) && holdsCredentials(object, databases))
    .filter((object) => !(kindOf(object) === 'StatefulSet' && servers.has(objectName(object))))
    .map(objectTitle)
    .toSorted()
}

/**
 * What of the staged target may write and would start all the same, before its migrations ran; `Kind/name`, sorted. A number that the
 * chart leaves out (an autoscaler's) stays what it is, which is 0 by then, except where the object is new.
 */
export function startedWhileStaged(
  staged: readonly JsonRecord[],
  before: readonly JsonRecord[],
  databases: readonly ExpectedDatabase[],
): { deployments: string[]; others: string[] } {
  const known = new Set(before.map(objectTitle))
  const starts = new Set(staged.filter((object) => wantsPods(object, known.has(objectTitle(object)))).map(objectTitle))
  const deployments = writingDeployments(staged, databases).map((name) => `Deployment/${name}`)
  return {
    deployments: deployments.filter((title) => starts.has(title)),
    // Those that run already are known from the cluster.
    others: otherWriters(staged, databases).filter((title) => starts.has(title) && !known.has(title)),
  }
}

function wantsPods(object: JsonRecord, isThere: boolean): boolean {
  const { replicas, suspend } = recordOf(object['spec'])
  if (suspend === true) return false
  return typeof replicas === 'number' ? replicas > 0 : !isThere
}

// The admission policies of the guard, as data: the one source of what `pawl init`, `pawl guard install`, `--print` and the chart install.
import type { ResourceObject } from '../resources.ts'
import { IS_SCALE, images, isBelow, isWriterImage, label, passed, wanted } from './celwrite.ts'
import { TICKET_LABEL } from './guard.ts'

/**
 * Rises with every change of the policies. There is one set of them in a cluster: an older Pawl must not put its own in place of a
 * newer one's.
 */
export const GUARD_VERSION = 1
export const VERSION_LABEL = 'pawl.dev/guard-version'

export const RECORD_POLICY = 'pawl-release-record'
export const FLOOR_POLICY = 'pawl-workload-floor'
export const KEPT_POLICY = 'pawl-guard-kept'

export interface Named {
  name: string
  expression: string
}

interface Validation {
  /** Stands in the message in brackets. */
  rule: string
  expression: string
  /** CEL string: what was refused, without release and rule. */
  says: string
}

export interface PolicySpec {
  failurePolicy: 'Fail'
  paramKind?: { apiVersion: string; kind: string }
  matchConstraints: Record<string, unknown>
  matchConditions?: Named[]
  variables: Named[]
  validations: { expression: string; messageExpression: string; message: string; reason: 'Forbidden' }[]
  auditAnnotations?: { key: string; valueExpression: string }[]
}

export interface Policy extends ResourceObject {
  spec: PolicySpec
}

export const GUARD_LABELS = { 'app.kubernetes.io/managed-by': 'pawl', [VERSION_LABEL]: String(GUARD_VERSION) }

const PARAM_KIND = { apiVersion: 'pawl.dev/v1alpha1', kind: 'ReleaseGuard' }
const RELEASE = 'params.spec.release'
const WHERE = `${RELEASE} + ' -n ' + params.metadata.namespace`

function validation({ rule, expression, says }: Validation, release = RELEASE): PolicySpec['validations'][number] {
  return {
    expression: `!variables.enforced || (${expression})`,
    messageExpression: `'release ' + ${release} + ' [${rule}]: ' + ${says}`,
    message: `refused by Pawl's guard [${rule}], nothing was changed; see pawl guard status`,
    reason: 'Forbidden',
  }
}

/** An opening that nobody closed ends all the same. */
const ENFORCED: Named = {
  name: 'enforced',
  expression: `params.spec.enforcement == 'Enforce' && (!has(params.spec.opening) || ${passed('params.spec.opening.until')})`,
}

function policy(name: string, spec: PolicySpec): Policy {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name, labels: GUARD_LABELS },
    spec,
  }
}

/** For audit annotations of what is refused otherwise. */
const OPENED = `(variables.enforced ? '' : ' guard-open' + (has(params.spec.opening) ? ' by ' + params.spec.opening.by : ''))`

const status = label('object', 'status')
const PREFIX = `'sh.helm.release.v1.' + ${RELEASE} + '.v'`

/** Helm writes this record before any hook runs and before any workload is touched: what is refused here has changed nothing. */
const recordPolicy = policy(RECORD_POLICY, {
  failurePolicy: 'Fail',
  paramKind: PARAM_KIND,
  matchConstraints: {
    resourceRules: [
      { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['secrets', 'configmaps'] },
    ],
    // Either the old or the new object: a record that loses the label is looked at as well.
    objectSelector: { matchLabels: { owner: 'helm' } },
  },
  matchConditions: [
    {
      name: 'is-of-this-release',
      expression: `${label('object', 'name')} == ${RELEASE} || ${label('oldObject', 'name')} == ${RELEASE} || object.metadata.name.startsWith(${PREFIX})`,
    },
  ],
  variables: [
    ENFORCED,
    { name: 'status', expression: status },
    { name: 'oldStatus', expression: label('oldObject', 'status') },
    { name: 'born', expression: `${label('oldObject', 'owner')} != 'helm' || variables.oldStatus == ''` },
    { name: 'opens', expression: `variables.status.startsWith('pending-') && variables.status != variables.oldStatus` },
    {
      name: 'ticketOk',
      expression: `request.operation == 'CREATE' && has(params.spec.ticket) && ${label('object', TICKET_LABEL)} == params.spec.ticket.value && ${label('object', 'version')} == string(params.spec.ticket.revision) && !${passed('params.spec.ticket.expires')}`,
    },
  ],
  validations: [
    {
      rule: 'no-rollback',
      expression: `!(variables.opens && variables.status == 'pending-rollback')`,
      says: `'helm rollback is refused, nothing was changed. The way back is: pawl recover ' + ${WHERE}`,
    },
    {
      rule: 'ticket',
      expression: `!variables.opens || variables.status == 'pending-rollback' || variables.ticketOk`,
      says: `'installed and upgraded only with a ticket of a Pawl run, nothing was changed. The way forward is: pawl upgrade ' + ${WHERE}`,
    },
    {
      rule: 'born-pending',
      expression: `!variables.born || variables.status.startsWith('pending-')`,
      says: `'a Helm record begins as pending, nothing was changed. See: pawl guard status ' + ${WHERE}`,
    },
    {
      rule: 'not-revived',
      expression: `variables.born || variables.status != 'deployed' || variables.oldStatus == 'deployed' || variables.oldStatus.startsWith('pending-')`,
      says: `'an earlier Helm record does not come back, nothing was changed. The way back is: pawl recover ' + ${WHERE}`,
    },
    {
      rule: 'record-identity',
      expression: `variables.born ? (object.metadata.name == ${PREFIX} + ${label('object', 'version')} && ${label('object', 'name')} == ${RELEASE}) : (${label('object', 'owner')} == 'helm' && ${label('object', 'name')} == ${label('oldObject', 'name')} && ${label('object', 'version')} == ${label('oldObject', 'version')} && variables.status != '')`,
      says: `'name and labels of a Helm record stay what Helm made them, nothing was changed. See: pawl guard status ' + ${WHERE}`,
    },
    {
      rule: 'past-is-kept',
      expression: `!(variables.oldStatus == 'superseded' && variables.status == 'superseded') || object.data == oldObject.data`,
      says: `'an earlier Helm record stays what it was, nothing was changed. See: pawl guard status ' + ${WHERE}`,
    },
  ].map((one) => validation(one)),
  auditAnnotations: [
    {
      key: 'decision',
      valueExpression: `variables.opens ? ${RELEASE} + ' ' + variables.status + (variables.ticketOk ? ' ticket' : ' no-ticket') + ${OPENED} : ''`,
    },
  ],
})

const owned = `has(object.metadata.ownerReferences) && object.metadata.ownerReferences.exists(o, has(o.controller) && o.controller)`
const workloads = ['deployments', 'statefulsets', 'daemonsets', 'replicasets']
const scalable = ['deployments', 'statefulsets', 'replicasets'].map((name) => `${name}/scale`)

const IMAGES = `(${IS_SCALE} ? [] : ${images('dyn(object).spec')})`
const OLD_IMAGES = `(${IS_SCALE} || oldObject == null ? [] : ${images('dyn(oldObject).spec')})`
const WANTED = wanted('dyn(object).spec')
const OLD_WANTED = `(oldObject == null ? 0 : ${wanted('dyn(oldObject).spec')})`
/** Only what this write brings or wakes up: an annotation on what runs already is not judged. */
const tooOld = (i: string, old: string): string =>
  `(!(${i} in ${old}) || (${OLD_WANTED} == 0 && ${WANTED} > 0)) && params.spec.floors.exists(f, ${isBelow(i, 'f')})`
/** The number alone says nothing of the image that it starts. */
const MAY_RUN = `has(params.spec.quiesced.mayRun) && params.spec.quiesced.mayRun.size() > 0 && !${IS_SCALE} && all.all(i, i in params.spec.quiesced.mayRun || !${isWriterImage('i')})`
const MAY_START = `has(params.spec.quiesced.mayStart) && ((${IS_SCALE} ? 'Deployment' : request.kind.kind) + '/' + object.metadata.name) in params.spec.quiesced.mayStart`
const IS_WRITER = `(request.resource.resource == 'deployments' && object.metadata.name in params.spec.quiesced.writers) || all.exists(i, ${isWriterImage('i')})`
const STARTS_WRITER = `${WANTED} > ${OLD_WANTED} && (${IS_WRITER}) && !(${MAY_START}) && !(${MAY_RUN})`

/** For everybody who comes past Helm's records: kubectl, a GitOps controller, Helm with another storage driver. */
const floorPolicy = policy(FLOOR_POLICY, {
  failurePolicy: 'Fail',
  paramKind: PARAM_KIND,
  matchConstraints: {
    resourceRules: [
      {
        apiGroups: ['apps'],
        apiVersions: ['v1'],
        operations: ['CREATE', 'UPDATE'],
        resources: [...workloads, ...scalable],
      },
      { apiGroups: ['batch'], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['jobs', 'cronjobs'] },
      {
        apiGroups: [''],
        apiVersions: ['v1'],
        operations: ['CREATE', 'UPDATE'],
        resources: ['pods', 'replicationcontrollers'],
      },
    ],
  },
  matchConditions: [
    {
      // Pods and ReplicaSets that a controller makes follow from a workload that was judged; refusing them would break it half-way.
      name: 'not-made-by-a-controller',
      expression: `!((request.resource.resource == 'replicasets' || (request.resource.resource == 'pods' && request.operation == 'CREATE')) && ${owned})`,
    },
    {
      // Everything is decided here, by one expression: variables, messages and audit annotations, which the API server evaluates for
      // each admitted write as well, then cost something only where there is something to say.
      name: 'brings-what-is-refused',
      expression: `[${IMAGES}].exists(all, (has(params.spec.floors) && [${OLD_IMAGES}].exists(old, all.exists(i, ${tooOld('i', 'old')}))) || (has(params.spec.quiesced) && ${STARTS_WRITER}))`,
    },
  ],
  variables: [
    ENFORCED,
    { name: 'old', expression: OLD_IMAGES },
    {
      name: 'tooOld',
      expression: `!has(params.spec.floors) ? [] : ${IMAGES}.filter(i, ${tooOld('i', 'variables.old')})`,
    },
  ],
  validations: [
    {
      rule: 'floor',
      expression: `variables.tooOld.size() == 0`,
      says: `'below the lowest version that may run: ' + variables.tooOld.join(', ') + ', this object was not changed. The way back is: pawl recover ' + ${WHERE}`,
    },
    {
      rule: 'quiesced',
      // What came so far and brings nothing too old starts a writer.
      expression: `variables.tooOld.size() > 0`,
      says: `'run ' + params.spec.quiesced.run + ' keeps everything stopped that writes to the databases, this object was not changed. Follow it with: pawl runs watch ' + ${WHERE}`,
    },
  ].map((one) => validation(one)),
  auditAnnotations: [
    {
      key: 'decision',
      valueExpression: `${RELEASE} + (variables.tooOld.size() > 0 ? ' below floor: ' + variables.tooOld.join(', ') : ' starts ' + object.metadata.name) + ${OPENED}`,
    },
  ],
})

/** Whoever wants the guard gone says so first. A namespace that is taken away takes its guard along. */
const keptPolicy = policy(KEPT_POLICY, {
  failurePolicy: 'Fail',
  matchConstraints: {
    resourceRules: [
      { apiGroups: ['pawl.dev'], apiVersions: ['*'], operations: ['DELETE'], resources: ['releaseguards'] },
    ],
  },
  variables: [
    {
      name: 'enforced',
      expression: `namespaceObject.status.phase != 'Terminating' && oldObject.spec.enforcement == 'Enforce' && !has(oldObject.spec.opening)`,
    },
  ],
  validations: [
    validation(
      {
        rule: 'guard-kept',
        expression: 'false',
        says: `'its guard is in force and was not removed. Remove it with: pawl guard uninstall ' + oldObject.spec.release + ' -n ' + request.namespace`,
      },
      'oldObject.spec.release',
    ),
  ],
})

export const POLICIES: readonly Policy[] = [recordPolicy, floorPolicy, keptPolicy]

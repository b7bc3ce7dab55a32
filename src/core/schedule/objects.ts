// The objects of a schedule: an account that may do just that, and a CronJob that runs Pawl's own program under it.
import { RELEASE_LABEL, type ResourceObject } from '../resources.ts'
import { scheduleRules } from './role.ts'
import { SCHEDULE_LABEL, scheduledArguments, scheduleName, type Schedule } from './schedule.ts'

/** Where the data image has the program. */
const PROGRAM = ['/usr/local/bin/node', '/usr/local/lib/pawl-cli/pawl.js']
const USER = 1000
/** One that could not start for so long (the control plane was down) waits for its next time. */
const START_WITHIN_SECONDS = 3600
/** Ends one that hangs before it holds up the next for days. */
const DEADLINE_SECONDS = 24 * 3600

export interface Surroundings {
  image: string
  /** What the namespace's own account pulls images with. */
  imagePullSecrets: readonly string[]
}

export function scheduleObjects(schedule: Schedule, surroundings: Surroundings): ResourceObject[] {
  const { release, namespace } = schedule
  const name = scheduleName(release)
  const metadata = {
    name,
    namespace,
    labels: { 'app.kubernetes.io/managed-by': 'pawl', [RELEASE_LABEL]: release, [SCHEDULE_LABEL]: schedule.what },
  }
  const rbac = 'rbac.authorization.k8s.io'
  const account = {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata,
    automountServiceAccountToken: false,
    imagePullSecrets: surroundings.imagePullSecrets.map((secret) => ({ name: secret })),
  }
  return [
    account,
    { apiVersion: `${rbac}/v1`, kind: 'Role', metadata, rules: scheduleRules(schedule, name) },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: rbac, kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    },
    { apiVersion: 'batch/v1', kind: 'CronJob', metadata, spec: cronJobSpec(schedule, name, surroundings.image) },
  ]
}

function cronJobSpec(schedule: Schedule, account: string, image: string): Record<string, unknown> {
  const labels = { 'app.kubernetes.io/managed-by': 'pawl', [RELEASE_LABEL]: schedule.release }
  return {
    schedule: schedule.cron,
    timeZone: schedule.timeZone,
    concurrencyPolicy: 'Forbid',
    startingDeadlineSeconds: START_WITHIN_SECONDS,
    successfulJobsHistoryLimit: 3,
    failedJobsHistoryLimit: 3,
    suspend: false,
    jobTemplate: {
      metadata: { labels },
      spec: {
        backoffLimit: 0,
        activeDeadlineSeconds: DEADLINE_SECONDS,
        template: { metadata: { labels }, spec: podSpec(schedule, account, image) },
      },
    },
  }
}

function podSpec(schedule: Schedule, account: string, image: string): Record<string, unknown> {
  return {
    restartPolicy: 'Never',
    serviceAccountName: account,
    automountServiceAccountToken: true,
    enableServiceLinks: false,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: USER,
      runAsGroup: USER,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    containers: [
      {
        name: 'pawl',
        image,
        command: PROGRAM,
        args: scheduledArguments(schedule),
        env: [
          { name: 'HOME', value: '/tmp' },
          { name: 'TMPDIR', value: '/tmp' },
        ],
        resources: { requests: { cpu: '50m', memory: '128Mi' } },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
        terminationMessagePolicy: 'FallbackToLogsOnError',
        volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
      },
    ],
    volumes: [{ name: 'tmp', emptyDir: {} }],
  }
}

import { expect, test } from 'vitest'
import type { KubeObject } from '../../ports/cluster.ts'
import { migratorJob, tellingLines, withoutSecrets } from './job.ts'

const staged: KubeObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'api', namespace: 'shop' },
  spec: {
    replicas: 0,
    template: {
      metadata: { labels: { app: 'api' } },
      spec: {
        serviceAccountName: 'api',
        volumes: [{ name: 'ca' }],
        initContainers: [
          { name: 'wait', image: 'w:1' },
          {
            name: 'migrations',
            image: 'db:2',
            env: [{ name: 'P', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }],
          },
        ],
        containers: [{ name: 'api', image: 'api:2' }],
      },
    },
  },
}
const place = { name: 'pawl-1-migrate-ledger-1', namespace: 'shop', release: 'shop', run: 'shop-1', role: 'ledger' }

test('the migrator runs alone: its own container, its own volumes, one try, no deadline, none of the labels that a Service selects', () => {
  const { metadata, spec } = migratorJob(staged, 'migrations', place) as KubeObject & {
    spec: {
      backoffLimit: number
      activeDeadlineSeconds?: number
      template: { metadata: { labels: object }; spec: { containers: { name: string }[]; initContainers?: unknown } }
    }
  }
  expect(spec.template.spec.containers.map(({ name }) => name)).toEqual(['migrations'])
  expect(spec.template.spec).toMatchObject({
    serviceAccountName: 'api',
    volumes: [{ name: 'ca' }],
    restartPolicy: 'Never',
  })
  expect(spec.template.spec.initContainers).toBeUndefined()
  expect(spec).toMatchObject({ backoffLimit: 0 })
  expect(spec.activeDeadlineSeconds).toBeUndefined()
  expect(spec.template.metadata.labels).not.toHaveProperty('app')
  expect(metadata.labels).toMatchObject({ 'pawl.dev/migrates': 'ledger', 'pawl.dev/release': 'shop' })
})

test('a chart that has moved its migrations is not guessed at', () => {
  expect(() => migratorJob(staged, 'other', place)).toThrow('no init container other')
})

test("passwords in a migrator's last lines do not get out", () => {
  const text = withoutSecrets(
    'connect postgres://u:hunter2@db/x\nPGPASSWORD=hunter2 {"password": "hunter2"} token: hunter2',
  )
  expect(text).not.toContain('hunter2')
  expect(text).toContain('postgres://u:[redacted]@db/x')
})

test('of a log with a stack trace the lines remain that say something', () => {
  const log = [
    '[INFO] one',
    '[ERROR] bad numeric "12,50"',
    '    at Parser.parse (/app/x.js:1:2)',
    '    at /app/y.js:3:4',
    '',
    'exit 1',
  ].join('\n')
  expect(tellingLines(log)).toBe('[INFO] one\n[ERROR] bad numeric "12,50"\nexit 1')
})

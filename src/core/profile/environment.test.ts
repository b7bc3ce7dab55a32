import { expect, test } from 'vitest'
import type { JsonRecord } from '../json.ts'
import { secret } from '../secret.ts'
import { environmentOf, plainOf } from './environment.ts'
import type { Sources } from './environment.ts'

const SOURCES: Sources = {
  configMaps: { base: { HOST: 'base-host', DB: 'base-db' }, extra: { DB: 'extra-db' } },
  secrets: { hidden: { DB: secret('hidden-db'), PASSWORD: secret('pw') } },
}

/** Each variable as `value < origin`; what is not known as `? why`. */
function environment(container: JsonRecord): Record<string, string> {
  const found = [...environmentOf(container, SOURCES)].map(([name, { value, why, origin }]) => {
    const from = origin.kind === 'env' ? 'env' : `${origin.kind} ${origin.name}`
    return [name, value === undefined ? `? ${why}` : `${plainOf(value)} < ${from}`]
  })
  return Object.fromEntries(found)
}

const base = { configMapRef: { name: 'base' } }
const extra = { configMapRef: { name: 'extra' } }
const hidden = { secretRef: { name: 'hidden' } }

test.each<[what: string, container: JsonRecord, expected: Record<string, string>]>([
  ['a ConfigMap', { envFrom: [base] }, { HOST: 'base-host < ConfigMap base', DB: 'base-db < ConfigMap base' }],
  ['the later ConfigMap wins', { envFrom: [base, extra] }, { DB: 'extra-db < ConfigMap extra' }],
  ['so does the earlier, where it comes later', { envFrom: [extra, base] }, { DB: 'base-db < ConfigMap base' }],
  ['a Secret after it wins', { envFrom: [base, hidden] }, { DB: 'hidden-db < Secret hidden' }],
  [
    'an object that is missing gives nothing',
    { envFrom: [base, { configMapRef: { name: 'none' } }] },
    { DB: 'base-db < ConfigMap base' },
  ],
  ['env wins over envFrom', { envFrom: [base, hidden], env: [{ name: 'DB', value: 'x' }] }, { DB: 'x < env' }],
  [
    'the later env wins',
    {
      env: [
        { name: 'DB', value: 'x' },
        { name: 'DB', value: 'y' },
      ],
    },
    { DB: 'y < env' },
  ],
  ['a prefix', { envFrom: [{ ...extra, prefix: 'APP_' }] }, { APP_DB: 'extra-db < ConfigMap extra' }],
  [
    'a key of a ConfigMap',
    { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'base', key: 'DB' } } }] },
    { A: 'base-db < ConfigMap base' },
  ],
  [
    'a key of a Secret',
    { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'hidden', key: 'PASSWORD' } } }] },
    { A: 'pw < Secret hidden' },
  ],
  [
    'a key that is missing',
    { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'hidden', key: 'none' } } }] },
    { A: '? Secret hidden has no key none' },
  ],
  [
    'a field of the pod',
    { env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }] },
    { A: '? its value is known to the pod alone' },
  ],
  ['a reference to another', { envFrom: [base], env: [{ name: 'A', value: '$(HOST):1' }] }, { A: 'base-host:1 < env' }],
  ['an escaped one', { envFrom: [base], env: [{ name: 'A', value: '$$(HOST)' }] }, { A: '$(HOST) < env' }],
  ['one that nobody set', { env: [{ name: 'A', value: '$(PG_SERVICE_HOST)' }] }, { A: expect.stringContaining('?') }],
  ['a dollar alone', { env: [{ name: 'A', value: 'a$b' }] }, { A: 'a$b < env' }],
])('%s', (_, container, expected) => {
  expect(environment(container)).toMatchObject(expected)
})

test('a key that may be missing and is leaves what was there', () => {
  const optional = { name: 'DB', valueFrom: { secretKeyRef: { name: 'hidden', key: 'none', optional: true } } }
  expect(environment({ envFrom: [base], env: [optional] })).toMatchObject({ DB: 'base-db < ConfigMap base' })
})

test('what a Secret says, and what is made with it, is not printed', () => {
  const env = [{ name: 'URL', value: 'postgres://app:$(PASSWORD)@db' }]
  const found = environmentOf({ envFrom: [hidden], env }, SOURCES)
  expect(plainOf(found.get('URL')?.value ?? '')).toBe('postgres://app:pw@db')
  expect(JSON.stringify([...found])).not.toMatch(/pw@|hidden-db/)
})

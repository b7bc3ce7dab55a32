import { describe, expect, test } from 'vitest'
import { cartoPackages } from '../../profiles/carto/package.ts'
import { isPawlError } from '../errors.ts'
import { readVersion } from '../versions/version.ts'
import { changedImmutables, objectionsTo } from './accept.ts'
import { mayHearSecrets, parseServiceAccount } from './account.ts'
import { accountKeyOf, ownerOf, readContents, versionText, type PackageContents } from './contents.ts'
import { differencesOf, valuesShown } from './difference.ts'

const { k8s, docker } = cartoPackages.forms
const PEM = '-----BEGIN PRIVATE KEY-----\ncanary-pem\n-----END PRIVATE KEY-----\n'

/** JSON is YAML. */
const reading = { parseYaml: (text: string): unknown[] => [JSON.parse(text) as unknown] }

function contents(config: object, secrets: object): PackageContents {
  const texts = {
    'carto-values.yaml': JSON.stringify({ cartoConfigValues: config }),
    'carto-secrets.yaml': JSON.stringify({ cartoSecrets: secrets }),
  }
  return readContents(k8s, texts, reading)
}

const CONFIG = { selfHostedTenantId: 'onp-acme', selfHostedGcpProjectId: 'p', customerPackageVersion: '2026.4.24' }
const SECRETS = { encryptionSecretKey: { value: 'canary-key' }, jwtApiSecret: { value: 'canary-jwt' } }

describe('what the files say', () => {
  test('owner and version; a tenant of digits is a number to YAML', () => {
    const { values } = contents({ ...CONFIG, selfHostedTenantId: 4711 }, SECRETS)
    expect(ownerOf(k8s, values)).toEqual({ tenant: '4711', project: 'p' })
    expect(versionText(k8s, values)).toBe('2026.4.24')
  })

  test.each([
    ['a file that is missing', { 'carto-values.yaml': '{"a":1}' }],
    ['a file that is empty', { 'carto-values.yaml': '{"a":1}', 'carto-secrets.yaml': ' \n' }],
    ['a list', { 'carto-values.yaml': '[]', 'carto-secrets.yaml': '{"a":1}' }],
    ['no YAML', { 'carto-values.yaml': '{', 'carto-secrets.yaml': '{"a":1}' }],
  ])('%s is refused', (_what, texts) => {
    expect(() => readContents(k8s, texts, reading)).toThrow(expect.objectContaining({ code: 'input-invalid' }))
  })

  test('the key of the account: a reference wins over a value, as in the templates', () => {
    const given = { value: '{"k":1}' }
    const both = { ...given, existingSecret: { name: 's', key: 'k' } }
    const keyOf = (account: object): unknown =>
      accountKeyOf(k8s, contents(CONFIG, { defaultGoogleServiceAccount: account }).values)
    expect(keyOf(both)).toEqual({ secretName: 's', secretKey: 'k' })
    expect(keyOf({ ...given, existingSecret: { name: '', key: '' } })).toMatchObject({
      where: expect.stringContaining('defaultGoogleServiceAccount'),
    })
    for (const nothing of [{}, { value: '' }, { value: 'null' }, { existingSecret: { name: 's' } }])
      expect(() => keyOf(nothing)).toThrow(expect.objectContaining({ code: 'input-invalid' }))
  })
})

describe('a service account', () => {
  const key = { client_email: 'a@b.c', private_key: PEM, token_uri: 'https://oauth2.googleapis.com/token' }

  test('as text or as data; nothing prints its key', () => {
    const account = parseServiceAccount(JSON.stringify(key), 'x')
    expect(account).toMatchObject({ email: 'a@b.c', tokenUrl: 'https://oauth2.googleapis.com/token' })
    expect(JSON.stringify(account)).not.toContain('canary')
    expect(parseServiceAccount({ ...key, token_uri: undefined }, 'x').tokenUrl).toBe(
      'https://oauth2.googleapis.com/token',
    )
  })

  test.each([
    [{ ...key, client_email: 'x' }],
    [{ ...key, private_key: 'canary' }],
    [{ ...key, private_key: 7 }],
    [{ ...key, token_uri: 'http://example.com/token' }],
    [{ ...key, token_uri: 'file:///etc/passwd' }],
    ['canary text'],
    ['null'],
    [[]],
  ])('%j is none, and is not quoted', (given) => {
    try {
      parseServiceAccount(given, 'x')
      expect.unreachable()
    } catch (error) {
      expect(isPawlError(error, 'input-invalid')).toBe(true)
      expect(String(error)).not.toContain('canary')
    }
  })

  test.each([
    ['https://example.com', true],
    ['http://127.0.0.1:4443', true],
    ['http://localhost:4443/x', true],
    ['http://[::1]:4443', true],
    ['http://127.0.0.1.example.com', false],
    ['http://localhost.example.com', false],
    ['http://10.0.0.1', false],
    ['https://user:word@example.com', false],
    ['127.0.0.1:4443', false],
    ['', false],
  ])('%s may hear secrets: %s', (url, expected) => {
    expect(mayHearSecrets(url)).toBe(expected)
  })
})

describe('what it changes', () => {
  const next = contents(
    { ...CONFIG, customerPackageVersion: '2026.7.16', apiKey: 'canary-a', note: '-----BEGIN X', list: [1, 2] },
    { ...SECRETS, jwtApiSecret: { value: 'canary-new' }, more: { value: 'canary-more' } },
  )

  test('secrets are changed, added or removed, and nothing more is said of them', () => {
    const changes = differencesOf(k8s, contents({ ...CONFIG, old: 'x' }, { ...SECRETS, gone: 'canary-gone' }), next)
    expect(
      changes.map(({ path, change, secret, before, after }) => [
        path.replace(/^carto/, ''),
        change,
        secret,
        before,
        after,
      ]),
    ).toEqual([
      ['ConfigValues.apiKey', 'added', true, undefined, undefined],
      ['ConfigValues.customerPackageVersion', 'changed', false, '2026.4.24', '2026.7.16'],
      ['ConfigValues.list', 'added', false, undefined, '[1,2]'],
      ['ConfigValues.note', 'added', true, undefined, undefined],
      ['ConfigValues.old', 'removed', false, 'x', undefined],
      ['Secrets.gone', 'removed', true, undefined, undefined],
      ['Secrets.jwtApiSecret.value', 'changed', true, undefined, undefined],
      ['Secrets.more.value', 'added', true, undefined, undefined],
    ])
    expect(JSON.stringify(changes)).not.toContain('canary')
    expect(JSON.stringify(valuesShown(k8s, next))).not.toContain('canary')
  })

  test("against a release, what only the release has is the operator's own", () => {
    const { values } = contents({ ...CONFIG, mine: 'x' }, SECRETS)
    const paths = differencesOf(k8s, { values }, next).map(({ path }) => path)
    expect(paths).not.toContain('cartoConfigValues.mine')
    expect(paths).toContain('cartoConfigValues.customerPackageVersion')
  })

  test('of a customer.env only what is named as harmless is shown', () => {
    const env = (version: string): PackageContents =>
      readContents(
        docker,
        {
          'customer.env': `CARTO_SELFHOSTED_CUSTOMER_PACKAGE_VERSION=${version}\nX=canary${version}`,
          'key.json': '{}',
        },
        reading,
      )
    const changes = differencesOf(docker, env('2026.4.24'), env('2026.7.16'))
    expect(changes).toMatchObject([{ after: '2026.7.16' }, { path: 'X', secret: true }])
    expect(JSON.stringify(changes)).not.toContain('canary')
  })
})

describe('whether it may be taken', () => {
  const immutable = [
    'cartoSecrets.encryptionSecretKey',
    'cartoSecrets.litellmSaltKey',
    'cartoConfigValues.selfHostedTenantId',
  ]
  const acceptance = { form: k8s, immutable, scheme: 'calver', origin: 'here' } as const
  const installed = contents(CONFIG, SECRETS)
  const objections = (config: object, secrets: object = SECRETS, named = '2026.7.16'): string[] =>
    objectionsTo(
      contents({ ...CONFIG, customerPackageVersion: '2026.7.16', ...config }, secrets),
      readVersion(named, 'calver'),
      installed,
      acceptance,
    )

  test.each<[string, object, object | undefined, string | undefined, string[]]>([
    ['newer', {}, undefined, undefined, []],
    ['the same', { customerPackageVersion: '2026.4.24' }, undefined, '2026.4.24', []],
    ['a patch of the same', { customerPackageVersion: '2026.4.24-patch1' }, undefined, '2026.4.24-patch1', []],
    ['one key more', {}, { ...SECRETS, litellmSaltKey: { value: 'x' } }, undefined, []],
    ['another tenant', { selfHostedTenantId: 'onp-other' }, undefined, undefined, ['tenant onp-other']],
    ['no tenant', { selfHostedTenantId: '' }, undefined, undefined, ['tenant nobody']],
    ['another key', {}, { encryptionSecretKey: { value: 'canary-x' } }, undefined, ['encryptionSecretKey']],
    ['no key', {}, {}, undefined, ['encryptionSecretKey']],
    ['older inside', { customerPackageVersion: '2026.4.23' }, undefined, undefined, ['2026.4.23']],
    ['older by name', {}, undefined, '2026.4.23', ['2026.4.23']],
    [
      'a candidate of the same day',
      { customerPackageVersion: '2026.4.24-rc.9' },
      undefined,
      '2026.7.16',
      ['2026.4.24-rc.9'],
    ],
    ['dashes inside', { customerPackageVersion: '2026-7-16' }, undefined, undefined, ['2026-7-16']],
    ['no version', { customerPackageVersion: '' }, undefined, undefined, ['no version']],
  ])('%s', (_what, config, secrets, named, expected) => {
    const found = objections(config, secrets, named)
    expect(found).toHaveLength(expected.length)
    for (const [index, part] of expected.entries()) expect(found[index]).toContain(part)
    expect(found.join()).not.toContain('canary')
  })

  test.each([
    ['2022.04.04-12', '2022.4.4', []],
    ['2022.04.04-13', '2022.4.4', []],
    ['2022.04.04-11', '2022.4.4', ['2022.04.04-11']],
    ['2022.04.04', '2022.4.4', ['2022.04.04']],
    ['2022.04.04-12', '2022.4.3', ['2022.4.3']],
  ])('%s inside a file of %s, where 2022.04.04-12 is installed', (customerPackageVersion, named, expected) => {
    const [there, incoming] = ['2022.04.04-12', customerPackageVersion].map((version) =>
      contents({ ...CONFIG, customerPackageVersion: version }, SECRETS),
    )
    const found = objectionsTo(incoming ?? installed, readVersion(named, 'calver'), there ?? installed, acceptance)
    expect(found).toEqual(expected.map((older) => `it is of version ${older}, here has 2022.04.04-12`))
  })

  test('a key that the installation keeps in a Secret of its own is changed by no package', () => {
    const kept = { cartoSecrets: { encryptionSecretKey: { value: '', existingSecret: { name: 's', key: 'k' } } } }
    const given = { cartoSecrets: { encryptionSecretKey: { value: 'x' } } }
    expect(changedImmutables(immutable, kept, given)).toEqual([])
    expect(changedImmutables(immutable, given, kept)).toEqual(['cartoSecrets.encryptionSecretKey'])
    expect(
      changedImmutables(
        immutable,
        { cartoSecrets: { encryptionSecretKey: { value: 'x', existingSecret: {} } } },
        given,
      ),
    ).toEqual([])
  })
})

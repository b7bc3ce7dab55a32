import { expect, test } from 'vitest'
import { loginsFor } from './login.ts'

const auth = (user: string): { auth: string } => ({ auth: Buffer.from(`${user}:s3cret`).toString('base64') })

function userFor(auths: object, host: string, path = 'team/app'): string | undefined {
  return loginsFor({ auths }, { host, path })[0]?.user
}

test('the host, with whatever a login writes round it', () => {
  expect(userFor({ 'https://ghcr.io/v2/': auth('one') }, 'ghcr.io')).toBe('one')
  expect(userFor({ 'https://index.docker.io/v1/': auth('hub') }, 'docker.io')).toBe('hub')
  expect(userFor({ 'ghcr.io': { username: 'two', password: 'p' } }, 'ghcr.io')).toBe('two')
  expect(userFor({ 'registry.example:5000': auth('port') }, 'registry.example')).toBeUndefined()
  expect(loginsFor({ 'ghcr.io': auth('old form') }, { host: 'ghcr.io', path: 'x' })[0]?.user).toBe('old form')
})

test('the longest path that leads to the image, and one label for a star', () => {
  const auths = { 'r.io': auth('all'), 'r.io/team': auth('team'), 'r.io/tea': auth('no') }
  expect(userFor(auths, 'r.io')).toBe('team')
  expect(loginsFor({ auths }, { host: 'r.io', path: 'team/app' }).map(({ user }) => user)).toEqual(['team', 'all'])
  expect(userFor(auths, 'r.io', 'other/app')).toBe('all')
  expect(userFor({ '*.r.io': auth('star') }, 'eu.r.io')).toBe('star')
  expect(userFor({ '*.r.io': auth('star') }, 'a.eu.r.io')).toBeUndefined()
  expect(userFor({ '*.r.io': auth('star') }, 'r.io')).toBeUndefined()
})

test('what holds no login gives none, and a password does not print', () => {
  for (const config of [undefined, 7, {}, { auths: { 'r.io': {} } }, { auths: { 'r.io': { auth: '!' } } }])
    expect(loginsFor(config, { host: 'r.io', path: 'x' })).toEqual([])
  expect(JSON.stringify(loginsFor({ auths: { 'r.io': auth('u') } }, { host: 'r.io', path: 'x' }))).not.toContain(
    's3cret',
  )
})

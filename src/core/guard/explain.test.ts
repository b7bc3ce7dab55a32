import { expect, test } from 'vitest'
import { explainDiff, explainHelm } from './explain.ts'
import { guardWith, NOW, TICKET } from './guard.fixture.ts'
import { judge } from './judge.ts'

const at = { guard: guardWith({ ticket: TICKET }), now: NOW }
const rulesOf = (line: string): string[] | string => {
  const { request, note } = explainHelm(line, at)
  return request === undefined ? (note ?? '') : judge(request, [at.guard]).map(({ rule }) => rule)
}

test.each([
  ['helm rollback toy 3', ['no-rollback']],
  ['helm upgrade toy ./toy.tgz', ['ticket']],
  ['upgrade toy ./toy.tgz --atomic', ['ticket']],
  ['helm upgrade toy ./toy.tgz --labels pawl.dev/ticket=t-1', []],
  ['helm install toy ./toy.tgz', ['ticket']],
])('%s', (line, expected) => expect(rulesOf(line)).toEqual(expected))

test('what reaches no policy is said in words', () => {
  for (const line of ['helm uninstall toy', 'helm status toy', 'helm rollback other'])
    expect(typeof rulesOf(line)).toBe('string')
})

test('images on the added lines of a diff', () => {
  const diff = [
    '--- a/values.yaml',
    '+++ b/values.yaml',
    '-  image: reg.example:5000/toy/api:2026.2.9',
    '+  image: "reg.example:5000/toy/api:2026.1.12"',
    '+  image: reg.example:5000/toy/db:2026.3.9',
    '   image: reg.example:5000/toy/api:2025.1.1',
  ].join('\n')
  const verdicts = explainDiff(diff, at).map(({ request }) => (request ? judge(request, [at.guard]).length : -1))
  expect(verdicts).toEqual([1, 0])
})

import { expect, test } from 'vitest'
import { warningNotes } from './hidden.ts'

test('whatever pg_dump warns of is said once, but for what is named one by one anyway', () => {
  const left = 'subscriptions not dumped because current user is not a superuser'
  expect(warningNotes(['odd thing', left, 'odd thing'])).toEqual(['pg_dump warned: odd thing'])
})

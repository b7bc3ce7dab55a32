// pawl doctor: what is here, in which version, and what is missing. Changes nothing.
import { defineCommand } from '../define.ts'

export const doctor = defineCommand({
  name: 'doctor',
  summary: 'what is here, which versions, what is missing; with a release also its store and key',
  args: '[release]',
  run: async (session, args) => await (await import('./doctor.run.ts')).doctor(session, args),
})

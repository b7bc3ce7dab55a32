// pawl keys: the identity that opens every backup of a release, handed to a person.
import { defineCommand } from '../define.ts'

export const keysExport = defineCommand({
  name: 'keys export',
  summary: "write the release's backup identity to a file of yours: with it and the store a lost cluster comes back",
  args: '<release>',
  options: [
    {
      flags: '--out <file>',
      text: 'new file, readable by you alone (default: standard output, refused where that is a terminal)',
    },
  ],
  examples: ['pawl keys export carto -n carto --out carto-backup-key.txt'],
  run: async (...given) => await (await import('./keys.run.ts')).keysExport(...given),
})

// pawl status: what runs, as pods, Helm's record and the product's own configuration say; unknown is printed as unknown.
import { readStatus } from '../../../steps/preflight/status.ts'
import { defineCommand, textOption } from '../define.ts'
import { renderStatus } from '../render/status.ts'
import { findInstallation, targetOf } from '../session.ts'

export const status = defineCommand({
  name: 'status',
  summary: 'what runs, how long it is supported, the last proof, and whether a run is under way',
  args: '<release>',
  options: [{ flags: '--profile <name>', text: 'product profile (default: what pawl init recorded, else by the chart name)' }],
  async run(session, args, options) {
    const target = await targetOf(session, args[0])
    const [installation, records] = await Promise.all([findInstallation(target), session.doors.records(target.cluster)])
    const profile = textOption(options, 'profile')
    const seen = await readStatus(
      { cluster: target.cluster, records, parseYaml: (text) => session.doors.parseYaml(text), today: () => session.doors.today(), profiles: session.doors.profiles },
      { release: target.release, namespace: target.namespace, ...(installation === undefined ? {} : { installation }), ...(profile === undefined ? {} : { profile }) },
    )
    if (session.global.output === 'json') session.terminal.write(`${JSON.stringify(seen)}\n`)
    else session.terminal.write(renderStatus(seen, session.terminal.colour))
    return 0
  },
})

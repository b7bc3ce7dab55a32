// A pod that sees every process of the node: from it any container can be killed as the kernel does it, without a word to Kubernetes.
import { kubectl, type Lab } from '../support/lab.ts'

const POD = 'kills-node'

/**
 * The container's own processes carry the name of their pod. The first of them is PID 1 in there: with it go all others, and it
 * cannot be killed from inside.
 */
const KILL = `grep -lzxs "HOSTNAME=$0" /proc/[0-9]*/environ | while read -r found; do
  process=\${found%/environ}
  grep -q '^NSpid:.*[[:space:]]1$' "$process/status" && kill -9 "\${process#/proc/}" && echo killed
done; true`

export interface Node {
  /** SIGKILL for everything in the pod; false where nothing of it runs any more. */
  kill: (pod: string) => Promise<boolean>
  dispose: () => Promise<void>
}

export async function openNode(lab: Lab, namespace: string): Promise<Node> {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: POD, namespace },
    spec: {
      hostPID: true,
      terminationGracePeriodSeconds: 0,
      tolerations: [{ operator: 'Exists' }],
      containers: [
        {
          name: 'shell',
          image: lab.dataImage.replace('{major}', '15'),
          command: ['sleep', 'infinity'],
          securityContext: { privileged: true, runAsUser: 0 },
        },
      ],
    },
  }
  await kubectl(lab, ['apply', '-f', '-'], JSON.stringify(pod))
  await kubectl(lab, ['wait', '-n', namespace, `pod/${POD}`, '--for=condition=Ready', '--timeout=120s'])
  return {
    async kill(name) {
      return (await kubectl(lab, ['exec', '-n', namespace, POD, '--', 'sh', '-c', KILL, name])).trim() === 'killed'
    },
    dispose: async () => void (await kubectl(lab, ['delete', 'pod', '-n', namespace, POD, '--ignore-not-found'])),
  }
}

import { expect, test } from 'vitest'
import type { KubeObject } from '../../ports/cluster.ts'
import { creationTrouble, stateOf, type Trouble } from './pod.ts'

const POD: KubeObject = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'n' },
  status: {
    phase: 'Pending',
    containerStatuses: [{ name: 'data', state: { waiting: { reason: 'ContainerCreating' } } }],
  },
}

const NO_DRIVER = 'driver name ebs.csi.aws.com not found in the list of registered CSI drivers'

/** As the kubelet and the controllers report: whole seconds, in `lastTimestamp`. */
function event(second: number, reason: string, message = ''): KubeObject {
  return timed({ lastTimestamp: at(second), eventTime: null }, reason, message)
}

function timed(times: Record<string, unknown>, reason: string, message = ''): KubeObject {
  return { apiVersion: 'v1', kind: 'Event', metadata: { name: reason }, reason, message, ...times }
}

function at(second: number, fraction = ''): string {
  return `2026-11-23T17:00:${String(second).padStart(2, '0')}${fraction}Z`
}

function troubleOf(...events: KubeObject[]): Trouble | undefined {
  const forth = stateOf(POD, events)
  // The API gives events in the order of their names.
  expect(stateOf(POD, events.toReversed())).toEqual(forth)
  return forth.at === 'waiting' ? forth.trouble : undefined
}

test.each([
  ['its image is pulled', 'Pulling'],
  ['its image is there', 'Pulled'],
  ['its image cannot be pulled yet', 'BackOff'],
  ['its container is made', 'Created'],
  ['its container is started', 'Started'],
  ['its network is not there yet', 'FailedCreatePodSandBox'],
])('a mount that failed is no trouble any more where %s', (_what, reason) => {
  expect(troubleOf(event(1, 'FailedMount', NO_DRIVER), event(3, reason))).toBeUndefined()
  // Whatever was reported in between.
  const failures = [event(1, 'FailedMount', 'failed to sync secret cache'), event(2, 'FailedAttachVolume', 'busy')]
  expect(troubleOf(...failures, event(3, reason), event(4, 'NodeNotReady'))).toBeUndefined()
})

test('a mount that fails again after it is one', () => {
  const events = [event(1, 'FailedMount', 'first'), event(3, 'Pulling'), event(5, 'FailedMount', 'again')]
  expect(troubleOf(...events)).toMatchObject({ reason: 'FailedMount', message: 'again' })
})

test.each(['Scheduled', 'TriggeredScaleUp', 'NodeNotReady', 'Failed', 'SuccessfulAttachVolume'])(
  'that a mount succeeded is not said by %s',
  (reason) => {
    const failure = event(1, 'FailedMount', 'secret "db" not found')
    expect(troubleOf(failure, event(3, reason, 'x'))).toMatchObject({ message: 'secret "db" not found' })
  },
)

test('in one second the good news counts: what goes on failing is reported again', () => {
  expect(troubleOf(event(3, 'FailedMount', NO_DRIVER), event(3, 'Pulling'))).toBeUndefined()
  expect(troubleOf(event(4, 'FailedMount', NO_DRIVER), event(3, 'Pulling'))?.reason).toBe('FailedMount')
})

test('an event is as old as it was seen last, whichever field says so', () => {
  const series = { eventTime: at(1, '.000001'), lastTimestamp: null }
  const again = { ...series, series: { count: 9, lastObservedTime: at(9, '.500000') } }
  expect(troubleOf(timed(again, 'FailedMount'), event(5, 'Pulling'))?.reason).toBe('FailedMount')
  expect(troubleOf(timed(series, 'FailedMount'), event(5, 'Pulling'))).toBeUndefined()
  expect(troubleOf(event(5, 'FailedMount'), timed(again, 'Pulling'))).toBeUndefined()
  // A fraction in one of them and none in the other.
  expect(troubleOf(timed({ eventTime: at(3, '.900000') }, 'FailedMount'), event(3, 'Pulling'))).toBeUndefined()
})

test('a volume that could not be attached is no trouble any more once it is, and another one still is', () => {
  const failure = event(1, 'FailedAttachVolume', 'AttachVolume.Attach failed for volume "pvc-1" : busy')
  const attached = (volume: string) =>
    event(3, 'SuccessfulAttachVolume', `AttachVolume.Attach succeeded for volume "${volume}"`)
  expect(troubleOf(failure, attached('pvc-1'))).toBeUndefined()
  expect(troubleOf(failure, attached('pvc-2'))).toMatchObject({ reason: 'FailedAttachVolume' })
  const missing = event(0, 'FailedMount', 'secret "db" not found')
  expect(troubleOf(missing, failure, attached('pvc-1'))).toMatchObject({ message: 'secret "db" not found' })
})

test('a driver that starts with its node has longer than a Secret that is not there', () => {
  const missing = troubleOf(event(1, 'FailedMount', 'secret "db" not found'))
  expect(troubleOf(event(1, 'FailedMount', NO_DRIVER))?.patienceMs).toBeGreaterThan(missing?.patienceMs ?? Infinity)
})

test('a pod that could be made in the end is no trouble of its Job', () => {
  const refused = event(1, 'FailedCreate', 'failed calling webhook')
  expect(creationTrouble([refused])).toMatchObject({ reason: 'FailedCreate', message: 'failed calling webhook' })
  expect(creationTrouble([refused, event(1, 'SuccessfulCreate')])).toBeUndefined()
  expect(creationTrouble([event(4, 'SuccessfulCreate'), refused])).toBeUndefined()
  expect(creationTrouble([event(4, 'FailedCreate'), event(3, 'SuccessfulCreate')])?.reason).toBe('FailedCreate')
})

export { jobDataPlane, type JobPlaneOptions } from './job-plane.ts'

// What pawl init takes where it is told nothing.
export const DEFAULT_IMAGE = 'ghcr.io/pawl-dev/pawl-data:{major}'
export const DEFAULT_SIZE = '10Gi'

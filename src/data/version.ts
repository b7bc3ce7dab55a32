// The version that manifests and proofs are signed with.
export const TOOL_VERSION = '0.1.0'

function readPackage(manifest) {
  // It uses the compiler's API, which TypeScript 7 does not have.
  if (manifest.name === 'openapi-typescript') {
    const { typescript: _, ...peerDependencies } = manifest.peerDependencies
    return { ...manifest, peerDependencies, dependencies: { ...manifest.dependencies, typescript: '5.9.3' } }
  }
  // Node's packages name their system as a string, and pnpm heeds only lists: without this it installs Windows' Node on
  // Linux. Nor do they say that they need glibc.
  if (!/^node-(linux|win)-/.test(manifest.name)) return manifest
  const { os, cpu } = manifest
  return { ...manifest, os: [os].flat(), cpu: [cpu].flat(), ...(os === 'linux' ? { libc: ['glibc'] } : {}) }
}

module.exports = { hooks: { readPackage } }

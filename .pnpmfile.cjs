// Node's packages name their system as a string, and pnpm heeds only lists: without this it installs Windows' Node on
// Linux. Nor do they say that they need glibc.
function readPackage(manifest) {
  if (!/^node-(linux|win)-/.test(manifest.name)) return manifest
  const { os, cpu } = manifest
  return { ...manifest, os: [os].flat(), cpu: [cpu].flat(), ...(os === 'linux' ? { libc: ['glibc'] } : {}) }
}

module.exports = { hooks: { readPackage } }

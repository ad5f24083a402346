// The health check of the container: ends with 0 when the product is ready to serve.
const response = await fetch(`http://127.0.0.1:${process.argv[2]}/readyz`).catch(() => null)
if (response?.status !== 200) {
  console.error((await response?.text()) ?? 'Nothing answers.')
  process.exit(1)
}

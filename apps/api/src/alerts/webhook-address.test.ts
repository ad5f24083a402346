import { expect, it } from 'vitest'
import { createAddressRule } from './webhook-address.ts'

const publicOnly = createAddressRule({ allowPrivate: false })
const privateToo = createAddressRule({ allowPrivate: true })

it.each(['8.8.8.8', '52.96.0.1', '2606:4700::1111', '::ffff:8.8.8.8', '64:ff9b::808:808'])(
  'allows the public address %s',
  (address) => {
    expect(publicOnly(address)).toBe(true)
    expect(privateToo(address)).toBe(true)
  },
)

it.each([
  ['10.0.0.1'],
  ['172.16.0.1'],
  ['172.31.255.255'],
  ['192.168.1.1'],
  ['100.64.0.1'],
  ['100.127.255.255'],
  ['fc00::1'],
  ['fd12:3456:789a::1'],
  ['::ffff:10.0.0.1'],
  ['::ffff:a00:1'],
  ['64:ff9b::a00:1'],
])('allows the private address %s by the setting only', (address) => {
  expect(publicOnly(address)).toBe(false)
  expect(privateToo(address)).toBe(true)
})

it.each([
  ['loopback', '127.0.0.1'],
  ['loopback', '127.255.255.254'],
  ['loopback', '::1'],
  ['loopback, mapped', '::ffff:127.0.0.1'],
  ['loopback, mapped', '::ffff:7f00:1'],
  ['loopback, in the deprecated form', '::7f00:1'],
  ['loopback, behind NAT64', '64:ff9b::7f00:1'],
  ['loopback, behind a NAT64 of the network', '64:ff9b:1::7f00:1'],
  ['loopback, by 6to4', '2002:7f00:1::'],
  ['unspecified', '0.0.0.0'],
  ['this network', '0.1.2.3'],
  ['unspecified', '::'],
  ['link-local', '169.254.1.1'],
  ['link-local', 'fe80::1'],
  ['link-local, with its interface', 'fe80::1%eth0'],
  ['site-local', 'fec0::1'],
  ['metadata', '169.254.169.254'],
  ['metadata, mapped', '::ffff:169.254.169.254'],
  ['metadata of AWS', 'fd00:ec2::254'],
  ['metadata of AWS, in full', 'fd00:0ec2:0000:0000:0000:0000:0000:0254'],
  ['metadata of Google', 'fd20:ce::254'],
  ['metadata of Alibaba', '100.100.100.200'],
  ['the host of an Azure machine', '168.63.129.16'],
  ['the host of an Azure machine, mapped', '::ffff:168.63.129.16'],
  ['multicast', '224.0.0.1'],
  ['multicast', 'ff02::1'],
  ['broadcast', '255.255.255.255'],
  ['reserved', '240.0.0.1'],
  ['documentation', '192.0.2.1'],
  ['Teredo', '2001::1'],
  ['not yet assigned', '4000::1'],
  ['no address', 'localhost'],
  ['no address', ''],
])('never allows %s: %s', (_what, address) => {
  expect(publicOnly(address)).toBe(false)
  expect(privateToo(address)).toBe(false)
})

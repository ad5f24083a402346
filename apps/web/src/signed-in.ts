import { SIGN_IN_CHANNEL } from './session/sign-in-window.ts'

const channel = new BroadcastChannel(SIGN_IN_CHANNEL)
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has no other origins
channel.postMessage('signed-in')
window.close()

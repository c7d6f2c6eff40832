import VueHcaptcha from '@hcaptcha/vue3-hcaptcha';
import { createApp, h } from 'vue';

import { sitekey, say } from './page';

createApp({
  render: () =>
    h('main', [
      h(VueHcaptcha, {
        sitekey, language: 'en',
        onRendered: () => say('rendered'),
        onVerify: (token, key) => say('verify', token, key),
        onExpired: () => say('expired'),
        onError: (code) => say('error', code),
      }),
    ]),
}).mount('#root');

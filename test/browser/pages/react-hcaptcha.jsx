import HCaptcha from '@hcaptcha/react-hcaptcha';
import { createRef } from 'react';
import { createRoot } from 'react-dom/client';

import { sitekey, say } from './page';

function Page() {
  const box = createRef();
  return (
    <main>
      <HCaptcha
        ref={box} sitekey={sitekey} languageOverride="en"
        onLoad={() => say('loaded')}
        onVerify={(token, key) => say('verify', token, key)}
        onExpire={() => say('expire')}
        onError={(code) => say('error', code)}
        onOpen={() => say('open')}
        onClose={() => say('close')}
      />
      <button onClick={() => box.current.execute({ async: true }).then((got) => say('executed', got.response, got.key), (code) => say('rejected', code))}>Execute</button>
      <button onClick={() => box.current.resetCaptcha()}>Reset</button>
      <button onClick={() => say('response', box.current.getResponse(), box.current.getRespKey())}>Response</button>
    </main>
  );
}
createRoot(document.getElementById('root')).render(<Page />);

import { createRef, useState } from 'react';
import { createRoot } from 'react-dom/client';
import ReCAPTCHA from 'react-google-recaptcha';

import { sitekey, say } from './page';

function Page() {
  const box = createRef();
  const [shown, show] = useState(true);
  return (
    <main>
      {shown && (
        <ReCAPTCHA
          ref={box} sitekey={sitekey} hl="en" theme="light"
          onChange={(token) => say('change', token)}
          onExpired={() => say('expired')}
          onErrored={() => say('errored')}
          asyncScriptOnLoad={() => say('loaded')}
        />
      )}
      <button onClick={() => say('value', box.current.getValue())}>Value</button>
      <button onClick={() => box.current.reset()}>Reset</button>
      <button onClick={() => show(!shown)}>Unmount</button>
    </main>
  );
}
createRoot(document.getElementById('root')).render(<Page />);

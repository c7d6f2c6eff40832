import { screensIn } from './console-screens.mjs';

screensIn('ko');

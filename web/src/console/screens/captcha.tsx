import { Empty } from "../ui/basic";
import { t } from "../words";

export function Captcha() {
  return <Empty title={t("ui.missing")} />;
}

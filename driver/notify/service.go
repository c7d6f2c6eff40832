package notify

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/nicholas-fedor/shoutrrr/pkg/router"
	"github.com/nicholas-fedor/shoutrrr/pkg/types"
)

// form is how the address of a service is written.
type form struct{ scheme, address string }

// forms has the services whose address can be checked without contacting them:
// not matrix, which logs in to find out, and not logger, which tells nobody.
var forms = []form{
	{"slack", "slack://hook:TOKEN-A-TOKEN-B-TOKEN-C@webhook"},
	{"discord", "discord://TOKEN@WEBHOOK-ID"},
	{"teams", "teams://GROUP@TENANT/ALT-ID/GROUP-OWNER/EXTRA-ID?host=ORGANIZATION.webhook.office.com"},
	{"telegram", "telegram://TOKEN@telegram?chats=CHAT"},
	{"smtp", "smtp://USER:PASSWORD@HOST:587/?fromaddress=FROM&toaddresses=TO"},
	{"generic", "generic+https://HOST/PATH"},
	{"mattermost", "mattermost://HOST/TOKEN/CHANNEL"},
	{"rocketchat", "rocketchat://HOST/TOKEN-A/TOKEN-B/CHANNEL"},
	{"googlechat", "googlechat://chat.googleapis.com/v1/spaces/SPACE/messages?key=KEY&token=TOKEN"},
	{"zulip", "zulip://BOT-MAIL:KEY@HOST/?stream=STREAM&topic=TOPIC"},
	{"lark", "lark://HOST/TOKEN?secret=SECRET"},
	{"wecom", "wecom://KEY"},
	{"ntfy", "ntfy://USER:PASSWORD@HOST/TOPIC"},
	{"gotify", "gotify://HOST/TOKEN"},
	{"pushover", "pushover://shoutrrr:TOKEN@USER"},
	{"pagerduty", "pagerduty://events.pagerduty.com/INTEGRATION-KEY"},
	{"opsgenie", "opsgenie://api.opsgenie.com/KEY"},
}

// Forms lists how the addresses of the services are written.
func Forms() []string {
	all := make([]string, len(forms))
	for i, f := range forms {
		all[i] = f.address
	}
	return all
}

func schemes() string {
	all := make([]string, len(forms))
	for i, f := range forms {
		all[i] = f.scheme
	}
	return strings.Join(all, ", ")
}

// maxURL is the length of an address.
const maxURL = 4096

// service returns the library's service of an address. It contacts nobody. The
// error may hold parts of the address.
func service(raw string) (types.Service, error) {
	u, err := url.Parse(raw)
	if err != nil || raw == "" || len(raw) > maxURL {
		return nil, errors.New("the address cannot be read: write it like " + forms[0].address)
	}
	scheme, _, custom := strings.Cut(u.Scheme, "+")
	i := slices.IndexFunc(forms, func(f form) bool { return f.scheme == scheme })
	if i < 0 {
		return nil, fmt.Errorf("unknown service %.20q: use one of %s", scheme, schemes())
	}
	s, err := (&router.ServiceRouter{}).NewService(scheme)
	if err != nil {
		return nil, err
	}
	if custom {
		c, ok := s.(types.CustomURLService)
		if !ok {
			return nil, fmt.Errorf("the address of %s cannot have a +: write it like %s", scheme, forms[i].address)
		}
		if u, err = c.GetConfigURLFromCustom(u); err != nil {
			return nil, fmt.Errorf("the address of %s is not complete (%w): write it like %s", scheme, err, forms[i].address)
		}
	}
	if err := s.Initialize(u, nil); err != nil {
		return nil, fmt.Errorf("the address of %s is not complete (%w): write it like %s", scheme, err, forms[i].address)
	}
	return s, nil
}

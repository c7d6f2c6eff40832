package api

func showSiteStatistics(_ *call) error {
	return notFound("nothing is counted yet")
}

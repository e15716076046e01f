from tests.journeys.visiting import Visit

NO_PAGE = {"clientgroups:client_template": "a download"}
VISITS = [
    Visit("clientgroups:client_export"),
    Visit("clientgroups:client_export", query="?stage=loyal"),
]

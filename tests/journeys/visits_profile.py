from clientgroups.selectors.duplicates import duplicate_pairs
from tests.journeys.visiting import ADMIN, Visit, each, of_client

NO_PAGE = {"clientgroups:tag_find": "lines under a field"}


def of_contact(story):
    return of_client(story) | {"contact": story.client.contacts.first().pk}


def of_pair(story):
    pair = duplicate_pairs(story.user)[0]
    return {"pk": pair.first, "other": pair.second}


VISITS = [
    *each("clientgroups:client_find clientgroups:duplicate_list"),
    Visit("clientgroups:client_find", query="?q=har", note="with hits"),
    Visit("clientgroups:client_find", query="?q=zzzz", note="without a hit"),
    Visit("clientgroups:client_list", query="?tag=pilot&health=good&kind=person", note="filtered"),
    Visit("clientgroups:client_list", query="?custom_size_class=A&archived=1", note="put away"),
    Visit("clientgroups:contact_detail", of_contact),
    *each("clientgroups:client_duplicates clientgroups:client_alike", of_client),
    Visit("clientgroups:client_merge", of_pair),
    Visit("clientgroups:client_erase", of_client, ADMIN),
]

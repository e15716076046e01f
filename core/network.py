import ipaddress

from django.conf import settings

UNKNOWN = "0.0.0.0"  # noqa: S104


def client_address(request):
    """The address a request came from, as far as it cannot be made up.

    Behind TRUSTED_PROXIES proxies the last so many entries of X-Forwarded-For were written by
    them; whatever stands further left was sent by the client and is not believed.
    """
    address = request.META.get("REMOTE_ADDR", "")
    proxies = settings.TRUSTED_PROXIES
    if proxies:
        entries = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        if len(entries) >= proxies:
            address = entries[-proxies]
    try:
        return str(ipaddress.ip_address(address.strip()))
    except ValueError:
        return UNKNOWN

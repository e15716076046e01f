from clientgroups.admin import care, engagement, groups, service, value

__all__ = ["care", "engagement", "groups", "service", "value"]

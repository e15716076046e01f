from clientgroups.admin import care, engagement, groups, value

__all__ = ["care", "engagement", "groups", "value"]

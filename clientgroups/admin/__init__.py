from clientgroups.admin import care, groups, value

__all__ = ["care", "groups", "value"]
